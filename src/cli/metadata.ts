import type { Command } from 'commander'
import type { components } from '../../openapi/management.d.ts'
import { jsonObjectIn, several } from './arguments.ts'
import { wrongUsage } from './failure.ts'

type Schemas = components['schemas']
type Texts = Readonly<Record<string, string>>
type Keywords = Readonly<Record<string, readonly string[]>>

/** Metadata that may still lack its title, and with `null` where a member is to go. */
export type MetadataChange = Schemas['DatasetMetadataChange']

/** The metadata options of `dataset add` and `dataset update`. */
export interface MetadataOptions {
  readonly metadata?: string
  readonly title?: readonly string[]
  readonly description?: readonly string[]
  readonly keyword?: readonly string[]
  readonly theme?: readonly string[]
  readonly publisher?: string
  readonly license?: string
  readonly period?: string
  readonly area?: string
  readonly contactName?: string
  readonly contactEmail?: string
  readonly contactUrl?: string
  readonly landingPage?: string
  readonly updateFrequency?: string
  readonly unit?: readonly string[]
  readonly columnDescription?: readonly string[]
  readonly dimension?: readonly string[]
  readonly protectedUnit?: readonly string[]
  readonly geometry?: string
  readonly clear?: readonly string[]
}

/** Adds the metadata options. Texts may begin with a language and "=": `ca=Despesa setmanal`; without it they are English. */
export function metadataOptions(command: Command): Command {
  return command
    .option('--metadata <file>', 'JSON file of metadata, as the management API takes it; options add to it')
    .option('--title <text>', 'title, English or with its language: ca="Despesa setmanal" (repeatable)', several)
    .option('--description <text>', 'description, likewise (repeatable)', several)
    .option('--keyword <word>', 'keyword, likewise (repeatable)', several)
    .option('--theme <address>', 'theme (repeatable)', several)
    .option('--publisher <name>', 'who publishes it')
    .option('--license <address>', 'licence')
    .option('--period <start/end>', 'time that the data covers: 2024-01-01/2024-12-31')
    .option('--area <place>', 'place that the data covers')
    .option('--contact-name <name>', 'whom to ask')
    .option('--contact-email <address>', 'how to ask')
    .option('--contact-url <address>', 'where to ask')
    .option('--landing-page <address>', 'page about it')
    .option('--update-frequency <text>', 'how often it changes')
    .option('--unit <column=unit>', 'unit of a column: amount=EUR (repeatable)', several)
    .option('--column-description <column=text>', 'what a column holds: amount="ca=Import" (repeatable)', several)
    .option('--dimension <column>', 'column to filter and group by where groups are protected (repeatable)', several)
    .option('--protected-unit <name=column:how>', 'who stands behind the rows, counted as distinct, sum or max of a column: card=cards:sum (repeatable)', several)
    .option('--geometry <longitude,latitude>', 'columns of a point: lon,lat')
}

/** The metadata that the options name, laid over what there is. */
export function metadataOf(options: MetadataOptions, present: { title?: Texts; description?: Texts; keywords?: Keywords; columns?: readonly Schemas['ColumnEdit'][] } = {}): MetadataChange {
  const given: MetadataChange = options.metadata === undefined ? {} : JSON.parse(jsonObjectIn(options.metadata))
  const { title, description, keyword, unit, columnDescription } = options
  return {
    ...given,
    ...plain(options),
    ...(title === undefined ? {} : { title: texts(title, given.title ?? present.title) }),
    ...(description === undefined ? {} : { description: texts(description, given.description ?? present.description) }),
    ...(keyword === undefined ? {} : { keywords: keywords(keyword, given.keywords ?? present.keywords) }),
    ...contact(options, given.contact ?? undefined),
    ...facts(options),
    ...(unit === undefined && columnDescription === undefined ? {} : { columns: columns(options, given.columns ?? present.columns ?? []) }),
    ...Object.fromEntries((options.clear ?? []).map((name) => [clearable(name), null])),
  }
}

function plain({ publisher, license, area, landingPage, updateFrequency, theme, period }: MetadataOptions): MetadataChange {
  return {
    ...(theme === undefined ? {} : { theme: [...theme] }),
    ...(period === undefined ? {} : { period: periodIn(period) }),
    ...(publisher === undefined ? {} : { publisher }),
    ...(license === undefined ? {} : { license }),
    ...(area === undefined ? {} : { area }),
    ...(landingPage === undefined ? {} : { landingPage }),
    ...(updateFrequency === undefined ? {} : { updateFrequency }),
  }
}

function facts({ dimension, protectedUnit, geometry }: MetadataOptions): MetadataChange {
  return {
    ...(dimension === undefined ? {} : { dimensions: [...dimension] }),
    ...(protectedUnit === undefined ? {} : { protectedUnits: protectedUnit.map((text) => unitIn(text)) }),
    ...(geometry === undefined ? {} : { geometry: geometryIn(geometry) }),
  }
}

function unitIn(text: string): Schemas['ProtectedUnit'] {
  const [name, rest] = nameAndValue('--protected-unit', text)
  // A column's name may have a colon of its own.
  const colon = rest.lastIndexOf(':')
  const counts = rest.slice(colon + 1)
  if (colon < 1 || (counts !== 'distinct' && counts !== 'sum' && counts !== 'max')) throw wrongUsage(`--protected-unit takes name=column:distinct, name=column:sum or name=column:max; it is "${text}".`)
  return { name, column: rest.slice(0, colon), counts }
}

function geometryIn(text: string): Schemas['Geometry'] {
  const [longitude, latitude, ...more] = text.split(',')
  if (longitude === undefined || longitude === '' || latitude === undefined || latitude === '' || more.length > 0) throw wrongUsage(`--geometry takes two columns: longitude,latitude; it is "${text}".`)
  return { longitude, latitude }
}

const withLanguage = /^([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)=(.+)$/s

function languageAndText(text: string): [language: string, text: string] {
  const [, language, rest] = withLanguage.exec(text) ?? []
  return language === undefined || rest === undefined ? ['en', text] : [language, rest]
}

function texts(given: readonly string[], present: Texts | null | undefined): Texts {
  return { ...present, ...Object.fromEntries(given.map(languageAndText)) }
}

function keywords(given: readonly string[], present: Keywords | null | undefined): Keywords {
  const byLanguage = Map.groupBy(given.map(languageAndText), ([language]) => language)
  return { ...present, ...Object.fromEntries([...byLanguage].map(([language, words]) => [language, words.map(([, word]) => word)])) }
}

function periodIn(text: string): Schemas['Period'] {
  const [start, end, ...more] = text.split('/')
  if (start === undefined || end === undefined || more.length > 0) throw wrongUsage('--period takes a start and an end: 2024-01-01/2024-12-31; either may be empty.')
  return { ...(start === '' || start === '..' ? {} : { start }), ...(end === '' || end === '..' ? {} : { end }) }
}

function contact({ contactName, contactEmail, contactUrl }: MetadataOptions, given: Schemas['Contact'] | undefined): { contact?: Schemas['Contact'] } {
  if (contactName === undefined && contactEmail === undefined && contactUrl === undefined) return {}
  return {
    contact: { ...given, ...(contactName === undefined ? {} : { name: contactName }), ...(contactEmail === undefined ? {} : { email: contactEmail }), ...(contactUrl === undefined ? {} : { url: contactUrl }) },
  }
}

// Columns are replaced as a whole, so those that stay are sent again.
function columns({ unit = [], columnDescription = [] }: MetadataOptions, present: readonly Schemas['ColumnEdit'][]): Schemas['ColumnEdit'][] {
  const byName = new Map(present.map((column) => [column.name, column]))
  for (const each of unit) {
    const [name, value] = nameAndValue('--unit', each)
    byName.set(name, { ...byName.get(name), name, unit: value })
  }
  for (const each of columnDescription) {
    const [name, value] = nameAndValue('--column-description', each)
    const column = byName.get(name)
    byName.set(name, { ...column, name, description: texts([value], column?.description) })
  }
  return [...byName.values()]
}

/** The two sides of the first "=". */
export function nameAndValue(option: string, text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) throw wrongUsage(`${option} takes a name and a value: name=value; it is "${text}".`)
  return [text.slice(0, at), text.slice(at + 1)]
}

const clearableNames = ['description', 'publisher', 'theme', 'keywords', 'license', 'period', 'area', 'contact', 'landingPage', 'updateFrequency', 'dimensions', 'protectedUnits', 'geometry']

function clearable(name: string): string {
  if (!clearableNames.includes(name)) throw wrongUsage(`--clear takes one of ${clearableNames.join(', ')}; it is "${name}".`)
  return name
}
