import { ca } from './ca.ts'
import { en } from './en.ts'
import { es } from './es.ts'

/** The words of the page that comes with evidence, in one language. */
export interface ReadmeTexts {
  readonly language: string
  readonly title: string
  readonly what: readonly string[]
  readonly headings: Readonly<Record<'about' | 'terms' | 'proven' | 'notProven' | 'verify' | 'files' | 'records', string>>
  readonly about: Readonly<Record<'agreement' | 'connector' | 'partner' | 'provider' | 'consumer' | 'dataset' | 'period' | 'made' | 'records' | 'permitted' | 'denied' | 'logs', string>>
  readonly log: (name: string, size: number, cosigned: number) => string
  readonly proven: readonly string[]
  readonly notProven: readonly string[]
  readonly notCosigned: string
  readonly verify: readonly string[]
  readonly file: Readonly<Record<'name' | 'bytes' | 'meaning', string>>
  /** What files hold, by the beginning of their names. */
  readonly files: readonly (readonly [name: string, meaning: string])[]
  readonly record: Readonly<Record<'number' | 'time' | 'what' | 'details', string>>
  readonly shown: (count: number, all: number) => string
  /** What happened, by the record's type. */
  readonly events: Readonly<Record<string, string>>
  /** How fields are called. */
  readonly fields: Readonly<Record<string, string>>
  readonly erased: string
}

export const readmeTexts = [ca, es, en] as const
