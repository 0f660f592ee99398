#include "app/cli.h"

int main(int argc, char** argv) { return banchu::run_command_line(argc, argv); }
