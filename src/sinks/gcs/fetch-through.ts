import type { SendHttp } from '../send-http.ts';

/**
 * A `fetch` for Google's client that opens no socket by itself: what it asks for leaves by the way out that is given, so
 * that the same addresses are refused and no redirect is followed. Takes what that client sends: text, GET and POST.
 * @throws SinkError (later) when there is no answer, or the address may not be reached
 */
export function fetchThrough(send: SendHttp): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { status, text, headers } = await send({
      url: request.url,
      method: request.method === 'POST' ? 'POST' : 'GET',
      headers: Object.fromEntries(request.headers),
      body: request.body === null ? null : await request.text(),
    });
    return new Response(status === 204 || status === 304 ? null : text, { status, headers });
  };
}
