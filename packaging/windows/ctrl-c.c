/* Starts a command, presses Ctrl-C on its console after some seconds, and prints its exit code:
   ctrl-c.exe SECONDS COMMAND ARGUMENT... */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static BOOL WINAPI ignore(DWORD event)
{
    (void)event;
    return TRUE;
}

int main(int argc, char **argv)
{
    char line[4096] = "";
    DWORD code = 0;
    STARTUPINFOA start = { sizeof start };
    PROCESS_INFORMATION process;
    int i;

    for (i = 2; i < argc; i++) {
        strncat(line, argv[i], sizeof line - strlen(line) - 2);
        strcat(line, " ");
    }
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) {
        printf("cannot start it: error %lu\n", GetLastError());
        return 1;
    }
    Sleep(atoi(argv[1]) * 1000);
    SetConsoleCtrlHandler(ignore, TRUE);
    GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0);
    if (WaitForSingleObject(process.hProcess, 20000) == WAIT_TIMEOUT) {
        printf("still running\n");
        TerminateProcess(process.hProcess, 1);
        return 1;
    }
    GetExitCodeProcess(process.hProcess, &code);
    printf("exit code %lu\n", code);
    return 0;
}
