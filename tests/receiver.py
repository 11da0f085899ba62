"""Receives HTTP POST requests on loopback: prints its port, then the body of each request.

Usage: receiver.py [PORT]
"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(body.decode(), flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
server = HTTPServer(("127.0.0.1", port), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
