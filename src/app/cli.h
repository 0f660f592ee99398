// The command line: reads it, runs the one verb it names, maps every outcome to an exit code. Exceptions stop here.
#pragma once

namespace banchu {

int run_command_line(int argc, char** argv);

}  // namespace banchu
