/** What cannot even be read as HTTP is answered on the bare socket, in the same envelope as everything else. */
import type { Socket } from 'node:net';
import { GatewayError, toEnvelope } from '../core/gateway-error.ts';

const ANSWERS: Readonly<Record<string, { line: string; message: string }>> = {
  HPE_HEADER_OVERFLOW: {
    line: '431 Request Header Fields Too Large',
    message: 'The request headers are larger than 16 KiB.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { line: '408 Request Timeout', message: 'The request did not arrive in time.' },
};
const MALFORMED = { line: '400 Bad Request', message: 'The request is not valid HTTP.' };

export interface ClientErrorDeps {
  version: string;
  newId(): string;
}

export function createClientErrorHandler({ version, newId }: ClientErrorDeps) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
      socket.destroy();
      return;
    }
    const { line, message } = ANSWERS[error.code ?? ''] ?? MALFORMED;
    const id = newId();
    const { error: envelope } = toEnvelope(new GatewayError('invalid_request', message));
    const body = JSON.stringify({ error: { ...envelope, code: line.slice(0, 3) } });
    socket.end(
      `HTTP/1.1 ${line}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nx-request-id: ${id}\r\nx-litellm-call-id: ${id}\r\n` +
        `x-litellm-version: ${version}\r\n\r\n${body}`,
    );
  };
}
