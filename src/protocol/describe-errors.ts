import type { ErrorObject } from 'ajv'

type Sentence = (error: ErrorObject, place: string) => string

const constraint: Sentence = (_, place) => `${place}: must be one of and, or, xone, andSequence, or a comparison with leftOperand, operator and rightOperand.`

const sentences: Readonly<Record<string, Sentence>> = {
  required: (error, place) => `${place}: must have ${String(error.params['missingProperty'])}.`,
  'false schema': (_, place) => `${parent(place)}: must not have ${name(place)}${name(place) === 'callbackAddress' ? " together with the receiver's process id" : ''}.`,
  anyOf: (_, place) => `${place}: must have a permission or a prohibition with at least one rule.`,
  oneOf: constraint,
  not: constraint,
  enum: (error, place) => `${place}: must be one of ${String(error.params['allowedValues'])}.`,
  const: (error, place) => `${place}: must be ${String(error.params['allowedValue'])}.`,
  format: (_, place) => `${place}: must be a time such as 2026-03-01T12:00:00Z.`,
}

/** One sentence about the first thing that is wrong in a message, with its place as a JSON pointer. */
export function describe(errors: readonly ErrorObject[]): string {
  // Ajv lists what failed inside a choice before the choice itself; `if` only says that a branch applied.
  const error = errors.find(({ keyword }) => keyword === 'oneOf' || keyword === 'anyOf') ?? errors.find(({ keyword }) => keyword !== 'if')
  if (error === undefined) return 'The message is not valid.'
  const place = error.instancePath === '' ? '/' : error.instancePath
  if (place.startsWith('/@context') || error.params['missingProperty'] === '@context') {
    return '/@context: must be an array that names https://w3id.org/dspace/2025/1/context.jsonld.'
  }
  return sentences[error.keyword]?.(error, place) ?? `${place}: ${error.message ?? 'is not valid'}.`
}

function parent(place: string): string {
  return place.slice(0, place.lastIndexOf('/')) || '/'
}

function name(place: string): string {
  return place.slice(place.lastIndexOf('/') + 1)
}
