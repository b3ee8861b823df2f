// Runs seeds of the simulator; see Tools/simulate.

import Glibc
import Simulator

exit(SimulateProgram.run(Array(CommandLine.arguments.dropFirst())))
