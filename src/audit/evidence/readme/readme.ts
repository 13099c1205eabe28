import type { ArchiveFile } from '../../../tlog/bundle/archive.ts'
import { isObject } from '../../../tlog/bundle/json.ts'
import { parseNote } from '../../../tlog/note.ts'
import type { AuditEntry } from '../../audit.ts'
import type { Checkpoint, LogInfo } from '../../log/log.ts'
import type { Overview } from '../overview.ts'
import { readmeTexts } from './texts.ts'
import type { ReadmeTexts } from './texts.ts'

/** What the page is about. */
export interface ReadmeInput {
  readonly agreement: {
    readonly id: string
    readonly role: 'provider' | 'consumer'
    readonly counterparty: string
    readonly agreement: Readonly<Record<string, unknown>>
    readonly explanation: Readonly<Record<'ca' | 'es' | 'en', readonly string[]>>
  }
  readonly connector: string
  readonly created: string
  readonly overview: Overview
  readonly logs: readonly { readonly log: LogInfo; readonly checkpoint: Checkpoint }[]
  readonly files: readonly ArchiveFile[]
}

// Records carry texts that others chose: nothing on the page runs or is fetched, whatever they say.
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}
h1{font-size:1.6rem;border-top:3px solid #1b1b1b;padding-top:1rem;margin-top:3rem}h2{font-size:1.2rem}
table{border-collapse:collapse;width:100%;font-size:.85rem}th,td{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:#f0f0f0}dt{font-weight:600}dd{margin:0 0 .5rem;overflow-wrap:anywhere}nav a{margin-right:1rem}`

/** The page that comes with evidence: for people, in three languages, without scripts and without anything from elsewhere. */
export function readmeOf(input: ReadmeInput): string {
  const links = readmeTexts.map((texts) => `<a href="#${texts.language}" lang="${texts.language}">${escaped(texts.title)}</a>`).join('')
  const sections = readmeTexts.map((texts) => sectionOf(texts, input)).join('\n')
  return `<!doctype html>
<html lang="ca">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>${readmeTexts.map(({ title }) => escaped(title)).join(' · ')}</title>
<style>${style}</style>
</head>
<body>
<nav>${links}</nav>
${sections}
</body>
</html>
`
}

function sectionOf(texts: ReadmeTexts, input: ReadmeInput): string {
  const { headings } = texts
  const cosigned = input.logs.reduce((sum, { checkpoint }) => sum + cosignatures(checkpoint), 0)
  return `<section id="${texts.language}" lang="${texts.language}">
<h1>${escaped(texts.title)}</h1>
${paragraphs(texts.what)}
<h2>${escaped(headings.about)}</h2>
${aboutList(texts, input)}
<h2>${escaped(headings.terms)}</h2>
${list(input.agreement.explanation[languageOf(texts)])}
<h2>${escaped(headings.proven)}</h2>
${list(texts.proven)}
<h2>${escaped(headings.notProven)}</h2>
${list([...(cosigned === 0 ? [texts.notCosigned] : []), ...texts.notProven])}
<h2>${escaped(headings.verify)}</h2>
${list(texts.verify)}
<h2>${escaped(headings.files)}</h2>
${filesTable(texts, input)}
<h2>${escaped(headings.records)}</h2>
<p>${escaped(texts.shown(input.overview.first.length, input.overview.records))}</p>
${recordsTable(texts, input.overview)}
</section>`
}

function languageOf({ language }: ReadmeTexts): 'ca' | 'es' | 'en' {
  return language === 'ca' || language === 'es' ? language : 'en'
}

/** The signatures on a checkpoint besides the first, which is the log's own. */
function cosignatures({ note, origin }: Checkpoint): number {
  return parseNote(note).lines.filter(({ name }) => name !== origin).length
}

function aboutList(texts: ReadmeTexts, { agreement, connector, created, overview, logs }: ReadmeInput): string {
  const { about } = texts
  const [provider, consumer] = agreement.role === 'provider' ? [connector, agreement.counterparty] : [agreement.counterparty, connector]
  const rows: [string, string][] = [
    [about.agreement, agreement.id],
    [about.provider, provider],
    [about.consumer, consumer],
    [about.connector, connector],
    [about.partner, agreement.counterparty],
    [about.dataset, textOf(agreement.agreement['target'])],
    [about.period, `${overview.from ?? ''} – ${overview.until ?? ''}`],
    [about.made, created],
    [about.records, String(overview.records)],
    [about.permitted, String(overview.permitted)],
    [about.denied, String(overview.denied)],
    [about.logs, logs.map(({ log, checkpoint }) => texts.log(log.origin, checkpoint.size, cosignatures(checkpoint))).join('; ')],
  ]
  return `<dl>${rows.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>`
}

function filesTable(texts: ReadmeTexts, { files }: ReadmeInput): string {
  const sizes = new Map(files.map(({ name, bytes }) => [name, String(bytes)]))
  const names = [...new Set([...sizes.keys(), 'README.html', 'manifest.json', 'manifest.note'])].toSorted()
  const meaning = (name: string) => texts.files.find(([start]) => name.startsWith(start))?.[1] ?? ''
  return table([texts.file.name, texts.file.bytes, texts.file.meaning], names.map((name) => [name, sizes.get(name) ?? '', meaning(name)]))
}

function recordsTable(texts: ReadmeTexts, { first }: Overview): string {
  const { number, time, what, details } = texts.record
  return table([number, time, what, details], first.map((entry) => [String(entry.index), entry.time, texts.events[entry.type] ?? entry.type, detailsOf(texts, entry)]))
}

const mostDetail = 500

function detailsOf({ fields, erased }: ReadmeTexts, entry: AuditEntry): string {
  return Object.entries(fields)
    .flatMap(([name, label]) => {
      const value = Object.hasOwn(entry, name) ? entry[name] : undefined
      if (value === undefined || value === null) return []
      const text = name === 'request' && isObject(value) ? requestText(value, erased) : valueText(value, erased)
      return text === '' ? [] : [`${label}: ${text.slice(0, mostDetail)}`]
    })
    .join('; ')
}

function requestText({ method, path, query }: Readonly<Record<string, unknown>>, erased: string): string {
  return [valueText(method ?? '', erased), `${valueText(path ?? '', erased)}${valueText(query ?? '', erased)}`].join(' ').trim()
}

function valueText(value: unknown, erased: string): string {
  if (isObject(value) && typeof value['committed'] === 'string') return `(${erased})`
  return textOf(value)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value) ?? ''
}

function paragraphs(texts: readonly string[]): string {
  return texts.map((text) => `<p>${escaped(text)}</p>`).join('\n')
}

function list(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${escaped(item)}</li>`).join('')}</ul>`
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = headings.map((heading) => `<th>${escaped(heading)}</th>`).join('')
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`).join('\n')}</tbody></table>`
}

// Control characters, and marks that turn the direction of writing, could make a text look like another.
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A text as it may stand anywhere on the page. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(unprintable, (character) => (/\s/.test(character) ? ' ' : '\uFFFD'))
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
