@testable import Simulator
