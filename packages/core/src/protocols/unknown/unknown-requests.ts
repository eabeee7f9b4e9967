/** Whether a request to an unknown endpoint wants a stream, though its JSON body does not say so: its url or its form may. */
export function asksForStream(url: string, body: RequestInit['body']): boolean {
  return /[?&]stream=(?:true|1)\b/.test(url) || (body instanceof FormData && body.get('stream') === 'true')
}

/** Whether a request reads the content of a stored file, which may be of any size and is passed on as it comes, also when labelled JSON. */
export function isDownload(method: string, url: string): boolean {
  return method === 'GET' && /\/content\/?(?:[?#]|$)/.test(url)
}
