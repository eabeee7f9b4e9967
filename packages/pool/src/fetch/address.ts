/** The address of a request or a redirect. */
export interface Address {
  readonly url: string
  readonly origin: string
  /** Including the query. */
  readonly path: string
  /** The URL without its fragment, as in `response.url`. */
  readonly shown: string
}

/**
 * Parses the URL of a request. The last one is remembered, since consecutive requests often have the same URL.
 *
 * @throws TypeError without the parts that may be secret: credentials and query
 */
export function addressOf(input: string | URL, base?: Address): Address {
  const text = String(input)
  if (base) return read(text, base.url)
  if (text !== last.input || text === '') last = { input: text, address: read(text) }
  return last.address
}

let last: { readonly input: string; readonly address: Address } = {
  input: '',
  address: { url: '', origin: '', path: '', shown: '' },
}

function read(text: string, base?: string): Address {
  const url = URL.parse(text, base)
  if (!url) throw new TypeError(`Not a URL that can be fetched: ${text.split(/[?#]/)[0] ?? ''}`)
  const { origin, protocol, username, password, pathname, search, hash, href } = url
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new TypeError(`pool.fetch speaks http: and https:, not ${protocol}`)
  if (username !== '' || password !== '')
    throw new TypeError(`The URL for ${origin} carries credentials; send them in a header instead`)
  return {
    url: href,
    origin,
    path: pathname + search,
    shown: hash === '' ? href : href.slice(0, -hash.length),
  }
}
