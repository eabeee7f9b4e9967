/** Whether the URL or the form body of a request asks for a stream. Only needed for unknown endpoints whose JSON body does not say so. */
export function wantsStream(url: string, body: RequestInit['body']): boolean {
  return /[?&]stream=(?:true|1)\b/.test(url) || (body instanceof FormData && body.get('stream') === 'true')
}

/**
 * Whether an answer is passed on while it is received, even if its content type is JSON. This applies to the download of a stored file,
 * which may have any size, and is passed on byte for byte. It also applies to a method of a Google API that streams one long JSON list, such as `:streamGenerateContent`
 * without `alt=sse`.
 */
export function isPassedOn(method: string, url: string): boolean {
  return method === 'GET'
    ? /(?:\/content|\/results|:download)\/?(?:[?#]|$)|[?&](?:\$|%24)?alt=media\b/.test(url)
    : /(?::|%3[aA])stream[A-Z]\w*\/?(?:[?#]|$)/.test(url)
}

/** The methods that only read or delete. */
const FREE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE'])
/**
 * The last path segments of free requests, without punctuation. Such a request only ends or lists something, or only counts or converts
 * tokens. It must stay possible when the spend limit is reached.
 */
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
/** The paths of OpenAI's free endpoints: file storage and moderation. */
const FREE_PATH = /\/(?:moderations|files|uploads(?:\/[^/]+\/(?:parts|complete))?)$/

/** Whether a request may be billed: true unless it is known to be free. */
export function mayBeBilled(method: string, url: string): boolean {
  if (FREE_METHODS.has(method)) return false
  const path = url.replace(/[?#].*$/s, '').replace(/\/+$/, '')
  const action = path
    .slice(path.search(/[^/:]*$/))
    .toLowerCase()
    .replace(/[^a-z]/g, '')
  return !FREE_ACTIONS.has(action) && !FREE_PATH.test(path)
}
