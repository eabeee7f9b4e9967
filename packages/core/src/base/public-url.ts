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
