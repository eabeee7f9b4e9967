/** A URL for messages, reports and caches: without user, password, query and fragment, each of which may contain a key. */
export function publicURL(url: string): string {
  if (!/[@?#]/.test(url)) return url
  if (!URL.canParse(url)) return ''
  const { origin, pathname } = new URL(url)
  return origin + pathname
}
