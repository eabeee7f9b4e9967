/**
 * Normalizes a base URL: scheme and host in lower case, no default port, no trailing slash, no user name and password, no
 * fragment. Path and query stay, since they choose the endpoint (Azure's `?api-version=`).
 *
 * @throws TypeError for anything but an absolute http or https URL. The message omits the URL, which may contain a password
 */
export function normalizeBaseURL(baseURL: string): string {
  if (NORMAL.test(baseURL)) return baseURL
  const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new TypeError('baseURL must be an absolute URL with http or https, got a string that is none')
  }
  return url.origin + withoutTrailingSlashes(url.pathname) + url.search
}

const OCTET = String.raw`(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])`
/** Matches common URLs that are already normalized, to skip parsing: a plain host name or IPv4 address, any port, a plain path. */
const NORMAL = new RegExp(
  '^(?:https://(?![^/]*:443/)|http://(?![^/]*:80/))' +
    String.raw`(?:(?:(?!xn--)[a-z][a-z-]*\.)*(?!xn--)[a-z][a-z-]*|${OCTET}(?:\.${OCTET}){3})` +
    String.raw`(?::[1-9]\d{0,3})?(?:/[\w~-][\w.~-]*)+$`,
)

// Not a regular expression: /\/+$/ takes quadratic time on a path of many slashes.
function withoutTrailingSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end--
  return path.slice(0, end)
}
