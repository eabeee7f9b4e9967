/**
 * Removes user, password, query and fragment from a URL, since each of them may contain a key. The result can be used in messages, reports
 * and caches.
 */
export function publicURL(url: string): string {
  if (!/[@?#]/.test(url)) return url
  if (!URL.canParse(url)) return ''
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

/** An http URL whose origin is its beginning as it is written: it contains no user and no password. */
const PLAIN_ORIGIN = /^https?:\/\/[^/?#@\\]+(?=[/?#]|$)/

/** Returns the origin of a URL, such as `https://api.openai.com`; undefined if the URL has none. */
export function originOf(url: string): string | undefined {
  const [plain] = PLAIN_ORIGIN.exec(url) ?? []
  if (plain !== undefined || !URL.canParse(url)) return plain
  const { origin } = new URL(url)
  return origin === 'null' ? undefined : origin
}
