// The command line of Waggle; everything it does is in the target Server.
import Server

CommandTable.waggle.runAndExit()
