/** Bytes to a socket and the status line back: for requests that no HTTP client would send. */
import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  headers: string;
  body: string;
}

/** `address` as a gateway's `listen()` gives it. Resolves when the server closes; ask it to with `connection: close`. */
export function sendRaw(address: string, request: string | Buffer): Promise<RawAnswer> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const [headers = '', ...body] = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n');
      resolve({ status: Number(headers.slice(9, 12)), headers, body: body.join('\r\n\r\n') });
    });
  });
}
