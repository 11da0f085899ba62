/* Runs a command on the console of this process and acts as its user and as Windows would:

     console.exe OUTPUT STEPS COMMAND ARGUMENT...

   STEPS are separated by commas: a number waits so many seconds; `ctrl-c`, `ctrl-break`, `close` (the window) and
   `logoff` send the console's event; other text is typed. With an OUTPUT other than `-`, the command's standard output is
   a pipe named like those of Cygwin terminals, which programs take for a terminal, and what arrives is written to that
   file; the console has 110 columns and 30 rows. Prints the exit code of the command. */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIPE "\\\\.\\pipe\\msys-1-pty0-to-master"

static HANDLE reader;
static FILE *output;

static void fail(const char *what)
{
    printf("%s: error %lu\n", what, GetLastError());
    exit(1);
}

static BOOL WINAPI ignore(DWORD event)
{
    (void)event;
    return TRUE;
}

static DWORD WINAPI copy_output(LPVOID unused)
{
    char buffer[4096];
    DWORD length;

    (void)unused;
    while (ReadFile(reader, buffer, sizeof buffer, &length, NULL) && length > 0) {
        fwrite(buffer, 1, length, output);
        fflush(output);
    }
    return 0;
}

static HANDLE open_console(const char *name)
{
    HANDLE console = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                 OPEN_EXISTING, 0, NULL);
    if (console == INVALID_HANDLE_VALUE) fail(name);
    return console;
}

static void resize(SHORT columns, SHORT rows)
{
    HANDLE screen = open_console("CONOUT$");
    COORD size = { columns, rows };
    SMALL_RECT smallest = { 0, 0, 0, 0 }, window = { 0, 0, (SHORT)(columns - 1), (SHORT)(rows - 1) };

    /* The buffer must never be smaller than the window. */
    SetConsoleWindowInfo(screen, TRUE, &smallest);
    if (!SetConsoleScreenBufferSize(screen, size)) fail("size of the buffer");
    if (!SetConsoleWindowInfo(screen, TRUE, &window)) fail("size of the window");
}

static void type(const char *text)
{
    HANDLE input = open_console("CONIN$");

    for (; *text; text++) {
        INPUT_RECORD key;
        DWORD written;

        memset(&key, 0, sizeof key);
        key.EventType = KEY_EVENT;
        key.Event.KeyEvent.wRepeatCount = 1;
        key.Event.KeyEvent.wVirtualKeyCode = VkKeyScanA(*text) & 0xff;
        key.Event.KeyEvent.uChar.UnicodeChar = *text;
        for (key.Event.KeyEvent.bKeyDown = TRUE;; key.Event.KeyEvent.bKeyDown = FALSE) {
            if (!WriteConsoleInputW(input, &key, 1, &written)) fail("typing");
            if (!key.Event.KeyEvent.bKeyDown) break;
        }
    }
}

/* Calls the handlers of a process as the system does. GenerateConsoleCtrlEvent cannot close a window, and Wine 8 sends
   nothing but Ctrl-C by it. */
static void send_event(HANDLE process, DWORD_PTR event)
{
    FARPROC routine = GetProcAddress(GetModuleHandleA("kernelbase"), "CtrlRoutine");

    if (!routine || !CreateRemoteThread(process, NULL, 0, (LPTHREAD_START_ROUTINE)(void *)routine, (LPVOID)event, 0, NULL))
        fail("sending an event");
}

static void run_steps(char *steps, HANDLE process)
{
    char *step;

    for (step = strtok(steps, ","); step; step = strtok(NULL, ",")) {
        if (!strcmp(step, "ctrl-c"))
            GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0);
        else if (!strcmp(step, "ctrl-break"))
            send_event(process, CTRL_BREAK_EVENT);
        else if (!strcmp(step, "close"))
            send_event(process, CTRL_CLOSE_EVENT);
        else if (!strcmp(step, "logoff"))
            send_event(process, CTRL_LOGOFF_EVENT);
        else if (atof(step) > 0)
            Sleep((DWORD)(atof(step) * 1000));
        else
            type(step);
    }
}

int main(int argc, char **argv)
{
    char line[4096] = "";
    DWORD code = 0;
    STARTUPINFOA start;
    PROCESS_INFORMATION process;
    int i;

    if (argc < 4) return 2;
    for (i = 3; i < argc; i++) {
        strncat(line, argv[i], sizeof line - strlen(line) - 2);
        strcat(line, " ");
    }
    memset(&start, 0, sizeof start);
    start.cb = sizeof start;
    if (strcmp(argv[1], "-")) {
        SECURITY_ATTRIBUTES inherited = { sizeof inherited, NULL, TRUE };

        resize(110, 30);
        reader = CreateNamedPipeA(PIPE, PIPE_ACCESS_INBOUND, PIPE_TYPE_BYTE, 1, 65536, 65536, 0, NULL);
        start.dwFlags = STARTF_USESTDHANDLES;
        start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
        start.hStdOutput = CreateFileA(PIPE, GENERIC_WRITE, 0, &inherited, OPEN_EXISTING, 0, NULL);
        start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
        if (start.hStdOutput == INVALID_HANDLE_VALUE) fail("pipe");
        output = fopen(argv[1], "wb");
        if (!output) fail(argv[1]);
        CreateThread(NULL, 0, copy_output, NULL, 0, NULL);
    }
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) fail("start");
    SetConsoleCtrlHandler(ignore, TRUE);
    run_steps(argv[2], process.hProcess);
    if (WaitForSingleObject(process.hProcess, 20000) == WAIT_TIMEOUT) {
        printf("still running\n");
        TerminateProcess(process.hProcess, 1);
        return 1;
    }
    GetExitCodeProcess(process.hProcess, &code);
    printf("exit code %lu\n", code);
    return 0;
}
