import type { JsonValue } from '../../policy/odrl.ts'
import type { BundleReport, Detail, Finding, Limit } from '../../tlog/bundle/report.ts'
import { printable } from '../output.ts'
import type { EvidenceTexts } from './texts.ts'

/** What verifying a bundle found, in words. */
export function reportText(report: BundleReport, texts: EvidenceTexts): string {
  const { summary, findings, limits } = report
  // Of nothing, nothing is proven.
  const [held, wrong] = [findings.filter(({ holds, detail }) => holds && detail['checked'] !== 0), findings.filter(({ holds }) => !holds)]
  return [
    report.holds ? texts.genuine : texts.notGenuine,
    ...(summary === null ? [] : [...texts.about(summary), texts.counts({ ...summary, from: summary.from ?? '-', until: summary.until ?? '-' })]),
    ...section(texts.headings.wrong, wrong.map((finding) => `${texts.fails[finding.what]}${after(placesOf(finding.detail, texts))}`)),
    ...section(texts.headings.proven, held.map((finding) => `${texts.holds[finding.what]}${after(moreOf(finding, texts))}`)),
    ...section(texts.headings.notProven, limits.map((limit) => `${texts.limits[limit.what]}${after(limitText(limit, texts))}`)),
  ]
    .map((line) => printable(line))
    .join('\n')
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', heading, ...lines.map((line) => `  ${line}`)]
}

function after(text: string): string {
  return text === '' ? '' : ` (${text})`
}

function moreOf({ what, detail }: Finding, texts: EvidenceTexts): string {
  if (what === 'cosignature') return texts.cosigned(`${valueText(detail['witness'])}, ${valueText(detail['participant'])}`, valueText(detail['time'] ?? '-'))
  if (what === 'checkpoint') return `${valueText(detail['origin'])}, ${valueText(detail['size'])}`
  return detail['checked'] === undefined ? '' : valueText(detail['checked'])
}

function limitText({ what, detail }: Limit, texts: EvidenceTexts): string {
  const { size, cosignedAt, log } = detail
  if (what === 'tail' && typeof size === 'number') return `${valueText(log)}: ${texts.tail(size, typeof cosignedAt === 'string' ? cosignedAt : null)}`
  if (log !== undefined) return [log, ...(Array.isArray(detail['names']) ? detail['names'] : [])].map(valueText).join(', ')
  return placesOf(detail, texts)
}

/** Where it is: the first places, and how many there are. */
function placesOf(detail: Detail, texts: EvidenceTexts): string {
  const { first, wrong, count } = detail
  const all = wrong ?? count
  if (!Array.isArray(first)) {
    return Object.entries(detail)
      .map(([name, value]) => `${name}: ${valueText(value)}`)
      .join(', ')
  }
  const shown = first.map(valueText).join('; ')
  return typeof all === 'number' && all > first.length ? `${shown}; … ${texts.places(all)}` : shown
}

function valueText(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return value.map(valueText).join(', ')
  return Object.entries(value)
    .map(([name, each]) => `${name} ${valueText(each)}`)
    .join(', ')
}
