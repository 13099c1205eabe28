import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { ProblemError } from '../errors.ts'

/**
 * Hosts, `host:port` or CIDR blocks that may be called though they are private or loopback, and over plain http.
 * Everything else is called over https, at public addresses only.
 */
export interface AddressRules {
  readonly allow: readonly string[]
}

/** What is to be called: `host` in lower case, IPv6 without brackets, no trailing dot. */
export interface Target {
  readonly protocol: string
  readonly host: string
  readonly port: number
}

/** The rules, parsed once. */
export interface AddressCheck {
  /** Why `target` may not be called as far as its text tells, or undefined. */
  readonly refusal: (target: Target) => string | undefined
  /** Why `target` may not be called at `address`, which its name resolved to, or undefined. */
  readonly refusalAt: (target: Target, address: string) => string | undefined
}

type Ip = ipaddr.IPv4 | ipaddr.IPv6

/** Parses address rules; an entry that is no host, `host:port` or CIDR block is refused. */
export function addressCheck(rules: AddressRules): AddressCheck {
  const hosts = new Set<string>()
  const blocks: (readonly [Ip, number])[] = []
  for (const entry of rules.allow) {
    if (ipaddr.isValidCIDR(entry)) blocks.push(ipaddr.parseCIDR(entry))
    else hosts.add(hostEntry(entry))
  }
  const named = ({ host, port }: Target) => hosts.has(host) || hosts.has(`${host} ${port}`)
  const inBlock = (ip: Ip) => blocks.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits))

  const refusalAt = (target: Target, address: string) => {
    if (named(target)) return undefined
    const ip = parseIp(address)
    if (ip === undefined) return `${target.host} resolves to something that is no address`
    if (inBlock(ip)) return undefined
    if (!isPublic(ip)) return `${target.host} is not at a public address`
    return target.protocol === 'https:' ? undefined : `${target.host} would be called over plain http`
  }
  const refusal = (target: Target) => {
    if (named(target)) return undefined
    if (parseIp(target.host) !== undefined) return refusalAt(target, target.host)
    // With blocks allowed, whether a local name or plain http is permitted shows at the resolved address.
    if (blocks.length > 0) return undefined
    if (isLocalName(target.host)) return `${target.host} names this machine or network`
    return target.protocol === 'https:' ? undefined : `${target.host} would be called over plain http`
  }
  return { refusal, refusalAt }
}

/** The target that `url` names. */
export function targetOf(url: URL): Target {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return { protocol: url.protocol, host: canonicalHost(url.hostname), port }
}

// The root's dot names the same host: `localhost.` is `localhost`. An IPv4 address mapped into IPv6 is the IPv4 address.
function canonicalHost(hostname: string): string {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname.replace(/\.+$/, '')
  return parseIp(bare)?.toString() ?? bare.toLowerCase()
}

function hostEntry(entry: string): string {
  if (ipaddr.isValid(entry)) return ipaddr.process(entry).toString()
  const url = /[\s/?#@*]/.test(entry) || !URL.canParse(`http://${entry}`) ? undefined : new URL(`http://${entry}`)
  if (url === undefined) throw new ProblemError('bad-request', `The allowed address '${entry}' must be a host, host:port or a CIDR block such as 10.0.0.0/8.`)
  const host = canonicalHost(url.hostname)
  // URL drops port 80, which is a port like any other here.
  const port = /:(\d+)$/.exec(entry)?.[1]
  return port === undefined ? host : `${host} ${Number(port)}`
}

// `process` gives the IPv4 address for one mapped into IPv6 (RFC 4291 §2.5.5.2).
function parseIp(text: string): Ip | undefined {
  // Most of what comes here is a name, which ipaddr.js would tell by throwing.
  if (isIP(text) === 0) return undefined
  const withoutZone = text.split('%')[0] ?? ''
  const valid = withoutZone.includes(':') ? ipaddr.IPv6.isValid(withoutZone) : ipaddr.IPv4.isValidFourPartDecimal(withoutZone)
  return valid ? ipaddr.process(withoutZone) : undefined
}

// Names that resolve within the machine or the local network (RFC 6761, RFC 6762, RFC 8375).
function isLocalName(host: string): boolean {
  return !host.includes('.') || /\.(localhost|local|internal|home\.arpa|localdomain)$/.test(host)
}

// Global unicast is 2000::/3 (RFC 4291 §2.4); what else ipaddr.js calls unicast, such as ::a.b.c.d, is reserved.
function isPublic(ip: Ip): boolean {
  if (ip.range() !== 'unicast') return false
  return ip.kind() === 'ipv4' || ((ip.toByteArray()[0] ?? 0) & 0xe0) === 0x20
}
