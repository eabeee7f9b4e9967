/** Returns the address of a part of the page's server, wherever the page is mounted, with the token of the page. */
export function endpoint(name: 'events' | 'explain' | 'content'): string {
  const { origin, pathname, search } = location
  const url = new URL(`${pathname.replace(/\/$/, '')}/${name}`, origin)
  const token = new URLSearchParams(search).get('token')
  if (token !== null) url.searchParams.set('token', token)
  return url.href
}
