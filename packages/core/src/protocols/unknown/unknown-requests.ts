/** Whether a request to an unknown endpoint wants a stream, though its JSON body does not say so: its url or its form may. */
export function asksForStream(url: string, body: RequestInit['body']): boolean {
  return /[?&]stream=(?:true|1)\b/.test(url) || (body instanceof FormData && body.get('stream') === 'true')
}

/** Whether a request reads the content of a stored file, which may be of any size and is passed on as it comes, also when labelled JSON. */
export function isDownload(method: string, url: string): boolean {
  return method === 'GET' && /\/content\/?(?:[?#]|$)/.test(url)
}

/** Methods that read or delete. */
const FREE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE'])
/** The last words of paths that end something, or only count. They must stay possible when the spend limit is reached. */
const FREE_ACTIONS = new Set([
  'abort',
  'archive',
  'cancel',
  'computetokens',
  'count',
  'counttokens',
  'delete',
  'detokenize',
  'hangup',
  'inputtokens',
  'list',
  'pause',
  'reject',
  'stop',
  'terminate',
  'tokenize',
  'tokens',
])
/** OpenAI stores files and judges texts free of charge. */
const FREE_PATH = /\/(?:moderations|files|uploads(?:\/[^/]+\/(?:parts|complete))?)$/

/** Whether a request may be billed. What is not known to be free is not. */
export function mayBeBilled(method: string, url: string): boolean {
  if (FREE_METHODS.has(method)) return false
  const path = url.replace(/[?#].*$/s, '').replace(/\/+$/, '')
  const action = path
    .slice(path.search(/[^/:]*$/))
    .toLowerCase()
    .replace(/[^a-z]/g, '')
  return !FREE_ACTIONS.has(action) && !FREE_PATH.test(path)
}
