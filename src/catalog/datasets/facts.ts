import type { Column, Source } from '../../dataplane/sources/source.ts'
import { ProblemError } from '../../errors.ts'
import type { DatasetFacts } from '../../policy/restriction.ts'
import type { DatasetMetadata } from './dataset.ts'
import type { StoredMetadata } from './store.ts'

type Declared = Pick<DatasetMetadata, 'columns' | 'dimensions' | 'protectedUnits' | 'geometry'>

/** What policies may refer to in a dataset. Nothing is a dimension unless it is declared. */
export function factsOf(dataset: { readonly source: Pick<Source, 'type'>; readonly metadata: Declared }): DatasetFacts {
  const { columns, dimensions = [], protectedUnits = [] } = dataset.metadata
  return { kind: dataset.source.type, columns: columns.map(({ name, type }) => ({ name, type })), dimensions, protectedUnits }
}

/** Whether policies may refer to the same things in both. */
export function sameFacts(one: DatasetFacts, other: DatasetFacts): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** Refuses dimensions, protected units and geometries of columns that are not there or hold something else. */
export function requireFacts(declared: Declared): void {
  const fault = faultIn(declared)
  if (fault !== undefined) throw new ProblemError('bad-request', `/metadata${fault}`)
}

/** What is left of the declared facts for new columns: what names a column that is gone, or now holds something else, goes with it. */
export function carryFacts(metadata: StoredMetadata): StoredMetadata {
  const { dimensions, protectedUnits, geometry, ...rest } = metadata
  const holds = (part: Partial<Declared>) => faultIn({ columns: metadata.columns, ...part }) === undefined
  return {
    ...rest,
    ...(dimensions === undefined ? {} : { dimensions: dimensions.filter((name) => holds({ dimensions: [name] })) }),
    ...(protectedUnits === undefined ? {} : { protectedUnits: protectedUnits.filter((unit) => holds({ protectedUnits: [unit] })) }),
    ...(geometry !== undefined && holds({ geometry }) ? { geometry } : {}),
  }
}

function faultIn(declared: Declared): string | undefined {
  return faultInDimensions(declared) ?? faultInUnits(declared) ?? faultInGeometry(declared)
}

function faultInDimensions({ columns, dimensions = [] }: Declared): string | undefined {
  for (const [index, name] of dimensions.entries()) {
    const at = `/dimensions/${index}`
    const column = find(columns, name)
    if (column === undefined) return missing(at, name, columns)
    if (column.type === 'object') return `${at}: ${name} holds objects, by which nothing can be filtered or grouped.`
    if (dimensions.indexOf(name) !== index) return `${at}: ${name} is named twice.`
  }
  return undefined
}

function faultInUnits({ columns, protectedUnits = [] }: Declared): string | undefined {
  for (const [index, { name, column: counted, counts }] of protectedUnits.entries()) {
    const at = `/protectedUnits/${index}`
    if (protectedUnits.findIndex((unit) => unit.name === name) !== index) return `${at}/name: ${name} is named twice.`
    const column = find(columns, counted)
    if (column === undefined) return missing(`${at}/column`, counted, columns)
    if (column.type === 'object') return `${at}/column: ${counted} holds objects, which cannot be counted.`
    if (counts !== 'distinct' && column.type !== 'integer') return `${at}/column: "${counts}" needs a column of whole numbers, and ${counted} holds ${column.type}. With "distinct" it may hold ids of any type.`
  }
  return undefined
}

function faultInGeometry({ columns, geometry }: Declared): string | undefined {
  if (geometry === undefined) return undefined
  for (const part of ['longitude', 'latitude'] as const) {
    const at = `/geometry/${part}`
    const column = find(columns, geometry[part])
    if (column === undefined) return missing(at, geometry[part], columns)
    if (column.type !== 'number' && column.type !== 'integer') return `${at}: needs a column of numbers, and ${geometry[part]} holds ${column.type}.`
  }
  return geometry.longitude === geometry.latitude ? '/geometry: longitude and latitude must be two columns.' : undefined
}

function find(columns: readonly Column[], name: string): Column | undefined {
  return columns.find((column) => column.name === name)
}

function missing(at: string, name: string, columns: readonly Column[]): string {
  const names = columns.map((column) => column.name).join(', ')
  return `${at}: there is no column ${name.slice(0, 200)}. The columns are ${names.slice(0, 1000) || 'none'}.`
}
