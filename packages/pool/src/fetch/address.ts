/** The address of a request or a redirect. */
export interface Address {
  readonly url: string
  readonly origin: string
  /** The path and the query of the URL. */
  readonly path: string
  /** The URL without its fragment, as in `response.url`. */
  readonly shown: string
}

/** Parses the URLs of requests. The result for the last URL is cached, since consecutive requests often have the same URL. */
export class AddressParser {
  #input: string | undefined
  #address: Address | undefined

  /**
   * Parses the URL of a request.
   * @throws TypeError for a URL that cannot be fetched. To protect secrets, the message contains neither credentials nor the
   * query
   */
  parse(input: string | URL): Address {
    const text = String(input)
    if (this.#address && text === this.#input) return this.#address
    const address = read(text)
    this.#input = text
    this.#address = address
    return address
  }
}

/**
 * Returns the address that a redirect leads to.
 * @param location the `location` header of the response
 * @param base the address of the redirected request
 * @throws TypeError as {@link AddressParser.parse} does
 */
export function resolveAddress(location: string, base: Address): Address {
  return read(location, base.url)
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
