import { BlockList, isIP } from 'node:net'

/** Returns the address ranges in NO_PROXY, such as `10.0.0.0/8` or `fd00::/8`; undefined if there are none. */
export function noProxyRanges(noProxy: string): BlockList | undefined {
  const ranges = new BlockList()
  let count = 0
  for (const entry of noProxy.split(/[,\s]+/)) {
    const [, address = '', bits = ''] = /^\[?([\d.:a-f]+)\]?\/(\d+)$/i.exec(entry) ?? []
    const version = isIP(address)
    if (version === 0 || Number(bits) > (version === 4 ? 32 : 128)) continue
    ranges.addSubnet(address, Number(bits), version === 4 ? 'ipv4' : 'ipv6')
    count++
  }
  return count === 0 ? undefined : ranges
}

/** Whether the host of an origin is an IP address within the ranges. False for host names, which are not resolved. */
export function isWithin(ranges: BlockList, origin: string): boolean {
  const host = new URL(origin).hostname.replace(/^\[|\]$/g, '')
  const version = isIP(host)
  return version !== 0 && ranges.check(host, version === 4 ? 'ipv4' : 'ipv6')
}
