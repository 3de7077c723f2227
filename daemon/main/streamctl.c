// streamctl: the command-line client. Reads the verb and hands over to daemon/client.

#include <stdio.h>
#include <string.h>

#include "config.h"

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        return puts(PACKAGE_STRING) < 0;
    }
    fprintf(stderr, "usage: streamctl --version\n");
    return 64;
}
