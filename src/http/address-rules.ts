import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { ProblemError } from '../errors.ts'

/** Which addresses may be called. */
export interface AddressRules {
  /** Hosts, `host:port` or CIDR blocks that may be called although they are private or use plain http. */
  readonly allow: readonly string[]
}

/** The rules, ready for questions. */
export interface AddressCheck {
  /** Refuses an address that may not be called by what is written in it ('address-refused'). */
  url(url: string): URL
  /** Whether a connection to this resolved address of `host` may be made. */
  resolved(address: string, host: string, port: number): boolean
}

export function createAddressCheck(rules: AddressRules): AddressCheck {
  const names = new Set<string>()
  const blocks: [ipaddr.IPv4 | ipaddr.IPv6, number][] = []
  for (const rule of rules.allow) {
    if (ipaddr.isValidCIDR(rule)) blocks.push(ipaddr.parseCIDR(rule))
    else names.add(rule.toLowerCase())
  }
  const named = (host: string, port: number) => names.has(host) || names.has(`${host}:${port}`)
  const inBlock = (address: string) => {
    const parsed = ipaddr.process(address)
    return blocks.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits))
  }
  const allowed = (address: string, host: string, port: number) => named(host, port) || named(address, port) || inBlock(address)

  return {
    url: (text) => {
      const url = parse(text)
      const host = bareHost(url)
      const port = portOf(url)
      const literal = isIP(host) !== 0
      const listed = literal ? allowed(host, host, port) : named(host, port)
      if (url.protocol !== 'https:' && !(listed || (!literal && blocks.length > 0))) {
        throw refused(text, 'it does not use https')
      }
      if (literal && !listed && !isPublic(host)) throw refused(text, 'it is not a public address')
      if (!literal && !listed && isLocalName(host)) throw refused(text, 'it names this machine or network')
      return url
    },
    resolved: (address, host, port) => allowed(address, host, port) || isPublic(address),
  }
}

function parse(text: string): URL {
  const url = text.length > 2048 ? null : URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '') throw refused(text, 'it is not an https address')
  if (url.username !== '' || url.password !== '') throw refused(text, 'it carries credentials')
  return url
}

/** The host of an address without brackets and without the dot that ends a full name. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase()
}

/** The port of an address, also when it is the scheme's own. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}

// Names that resolve within the machine or the local network (RFC 6761, RFC 6762, RFC 8375).
function isLocalName(host: string): boolean {
  return host === 'localhost' || /\.(localhost|local|internal|home\.arpa|localdomain)$/.test(host) || !host.includes('.')
}

// "unicast" of ipaddr.js is what is left when every special-purpose block of the IANA registries is taken out.
function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return parsed.range() === 'unicast'
}

function refused(url: string, why: string): ProblemError {
  return new ProblemError('address-refused', `The address ${url.slice(0, 200)} may not be called: ${why}. An operator can allow it with CONCORDAT_ALLOW_ADDRESSES.`)
}
