/**
 * The targets of a Link header by relation (RFC 8288), resolved against `base`. A relation that is named twice keeps its
 * first target; what cannot be read is left out.
 */
export function parseLinks(header: string, base: string): ReadonlyMap<string, URL> {
  const links = new Map<string, URL>()
  for (const [, target = '', parameters = ''] of header.slice(0, 20_000).matchAll(/<([^<>]{0,4000})>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^",;\s]+))*)/g)) {
    const [, quoted, bare] = /;\s*rel\s*=\s*(?:"([^"]*)"|([^",;\s]+))/i.exec(parameters) ?? []
    const url = URL.parse(target, base)
    for (const relation of (quoted ?? bare ?? '').toLowerCase().split(/\s+/)) {
      if (url !== null && relation !== '' && !links.has(relation)) links.set(relation, url)
    }
  }
  return links
}
