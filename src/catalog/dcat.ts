import type { CatalogOffer, DataService, DcatDataset, Distribution, LanguageText, TypedValue } from './messages.ts'
import type { DatasetMetadata, Translations } from './datasets/dataset.ts'
import type { VisibleRow } from './visible/store.ts'

const csvw = 'http://www.w3.org/ns/csvw#'
const vcard = 'http://www.w3.org/2006/vcard/ns#'

/** The service that stands in catalogs: the base address of the protocol version through which they are served (catalog §2.2). */
export function dataService(address: string): DataService {
  return { '@id': address, '@type': 'DataService', endpointURL: address }
}

/**
 * A dataset with the offers a partner sees, in DSP's JSON. Properties that DSP's context does not name are written with the
 * prefixes it defines (`dct`, `dcat`) or as full IRIs, so that they survive JSON-LD processing. `columns`: with the
 * columns, which are too much for pages.
 */
export function toDcat(rows: readonly [VisibleRow, ...VisibleRow[]], view: { service: DataService; columns: boolean }): DcatDataset {
  const [row] = rows
  return {
    '@id': row.id,
    '@type': 'Dataset',
    ...described(row.metadata),
    'dct:issued': dateTime(row.createdAt),
    'dct:modified': dateTime(row.updatedAt),
    ...(view.columns && row.metadata.columns.length > 0 ? { [`${csvw}tableSchema`]: { [`${csvw}column`]: row.metadata.columns.map((column) => columnOf(column)) } } : {}),
    hasPolicy: rows.map(({ offerId, policy }): CatalogOffer => ({ '@id': offerId, '@type': 'Offer', ...policy })),
    distribution: distributions(row, view.service),
  }
}

// An HTTP API is asked again and again; there is nothing whole that could be pushed.
function distributions({ source }: VisibleRow, accessService: DataService): Distribution[] {
  const formats = source.type === 'http' ? (['HttpData-PULL'] as const) : (['HttpData-PULL', 'HttpData-PUSH'] as const)
  return formats.map((format) => ({ '@type': 'Distribution', format, accessService }))
}

function described(metadata: DatasetMetadata): Record<`dct:${string}` | `dcat:${string}`, unknown> {
  const { title, description, publisher, theme, keywords, license, period, area, contact, landingPage, updateFrequency } = metadata
  return {
    'dct:title': texts(title),
    ...(description === undefined ? {} : { 'dct:description': texts(description) }),
    ...(publisher === undefined ? {} : { 'dct:publisher': thing(publisher) }),
    ...(theme === undefined ? {} : { 'dcat:theme': theme.map((item) => thing(item)) }),
    ...(keywords === undefined ? {} : { 'dcat:keyword': Object.entries(keywords).flatMap(([language, words]) => words.map((word) => text(word, language))) }),
    ...(license === undefined ? {} : { 'dct:license': thing(license) }),
    ...(period === undefined ? {} : { 'dct:temporal': periodOf(period) }),
    ...(area === undefined ? {} : { 'dct:spatial': thing(area) }),
    ...(contact === undefined ? {} : { 'dcat:contactPoint': contactOf(contact) }),
    ...(landingPage === undefined ? {} : { 'dcat:landingPage': { '@id': landingPage } }),
    ...(updateFrequency === undefined ? {} : { 'dct:accrualPeriodicity': thing(updateFrequency) }),
  }
}

function texts(translations: Translations): LanguageText[] {
  return Object.entries(translations).map(([language, value]) => text(value, language))
}

function text(value: string, language: string): LanguageText {
  return { '@value': value, '@language': language }
}

// IRIs are references, everything else is text.
function thing(value: string): string | { '@id': string } {
  return /^(https?:\/\/|urn:|did:)\S+$/.test(value) ? { '@id': value } : value
}

function periodOf({ start, end }: NonNullable<DatasetMetadata['period']>) {
  return {
    '@type': 'dct:PeriodOfTime',
    ...(start === undefined ? {} : { 'dcat:startDate': date(start) }),
    ...(end === undefined ? {} : { 'dcat:endDate': date(end) }),
  }
}

function contactOf({ name, email, url }: NonNullable<DatasetMetadata['contact']>) {
  return {
    ...(name === undefined ? {} : { [`${vcard}fn`]: name }),
    ...(email === undefined ? {} : { [`${vcard}hasEmail`]: { '@id': `mailto:${email}` } }),
    ...(url === undefined ? {} : { [`${vcard}hasURL`]: { '@id': url } }),
  }
}

function columnOf({ name, type, nullable, unit, description }: DatasetMetadata['columns'][number]) {
  return {
    [`${csvw}name`]: name,
    [`${csvw}datatype`]: type,
    [`${csvw}required`]: !nullable,
    ...(unit === undefined ? {} : { 'http://schema.org/unitText': unit }),
    ...(description === undefined ? {} : { 'dct:description': texts(description) }),
  }
}

function date(value: string): TypedValue {
  return { '@value': value, '@type': value.includes('T') ? 'xsd:dateTime' : 'xsd:date' }
}

function dateTime(value: Date): TypedValue {
  return { '@value': value.toISOString(), '@type': 'xsd:dateTime' }
}
