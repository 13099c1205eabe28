import type { Mask } from '../restriction.ts'
import type { Sentences } from './sentences.ts'

const masks: Readonly<Record<'year' | 'month' | 'week' | 'day', string>> = { year: 'year', month: 'month', week: 'week (beginning on Monday)', day: 'day' }

function mask(column: string, mask: Mask, step: string): string {
  switch (mask.kind) {
    case 'drop':
      return `The column ${column} does not come out.`
    case 'truncate':
      return `Of the column ${column} only the first ${mask.length === 1 ? 'character comes' : `${mask.length} characters come`} out.`
    case 'period':
      return `Of the column ${column} only the ${masks[mask.to]} comes out.`
    case 'grid':
      return `Values of the column ${column} come out only as multiples of ${step}.`
    case 'hash':
      return `Values of the column ${column} come out only as hashes, made with a key of the agreement: equal values stay equal.`
  }
}

/** Policies in English. */
export const en: Sentences = {
  permission: ({ action, party, terms }) => `${party === undefined ? 'It is permitted to' : `${party} may`} ${action}${terms ? ', if all of this holds:' : ', without further terms.'}`,
  prohibition: ({ action, party, terms }) => `${party === undefined ? 'It is prohibited to' : `${party} must not`} ${action}${terms ? ', whenever all of this holds:' : '.'}`,
  obligation: ({ action, party, terms }) => `${party === undefined ? 'It is obligatory to' : `${party} has to`} ${action}${terms ? ', as follows:' : '.'}`,
  duty: ({ action, party, terms }) => `No request is permitted before it is recorded that this was done${party === undefined ? '' : ` by ${party}`}: to ${action}${terms ? ', as follows:' : '.'}`,
  consequence: ({ action, party, terms }) => `If that is not done, ${party === undefined ? 'it is obligatory as well to' : `${party} has as well to`} ${action}${terms ? ', as follows:' : '.'}`,
  remedy: ({ action, party, terms }) => `If it happens nevertheless, ${party === undefined ? 'it is obligatory to' : `${party} has to`} ${action}${terms ? ', as follows:' : '.'}`,
  actions: {
    use: 'use the data',
    read: 'read the data row by row',
    queryAggregate: 'ask the data for aggregates (sums, averages, counts)',
    aggregate: 'use the data in a collection with other data',
    anonymize: 'anonymise the data',
    archive: 'archive the data',
    attribute: 'name the source of the data',
    commercialize: 'use the data commercially',
    compensate: 'pay for the data',
    pay: 'pay for the data',
    delete: 'delete the data',
    derive: 'derive new data from the data',
    distribute: 'pass the data on to others',
    grantUse: 'grant others the use of the data',
    give: 'give the data away',
    inform: 'inform the other party',
    modify: 'change the data',
    nextPolicy: 'bind whoever gets the data next by the terms named',
    obtainConsent: 'obtain consent',
    present: 'present the data in public',
    reproduce: 'copy the data',
    reviewPolicy: 'review the policy',
    sell: 'sell the data',
    share: 'share the data',
    transfer: 'hand the data over, with all rights to it',
    transform: 'convert the data to another format',
    translate: 'translate the data',
  },
  otherAction: (term) => `perform the action “${term}” on the data`,
  logical: { and: 'All of this holds:', or: 'At least one of these holds:', xone: 'Exactly one of these holds:', andSequence: 'All of this holds, in this order:' },
  refinement: (name) => `Only as far as this holds of “${name}”:`,
  inZone: (text, zone) => `${text} (${zone.startsWith('UTC') ? zone : `time of ${zone}`})`,
  dateTime: {
    eq: (when) => `The time of the request is ${when}.`,
    neq: (when) => `The time of the request is not ${when}.`,
    lt: (when) => `The request is made before ${when}.`,
    lteq: (when) => `The request is made no later than ${when}.`,
    gt: (when) => `The request is made after ${when}.`,
    gteq: (when) => `The request is made no earlier than ${when}.`,
  },
  due: {
    eq: (when) => `It has to be done on ${when}.`,
    neq: (when) => `It must not be done on ${when}.`,
    lt: (when) => `It has to be done before ${when}.`,
    lteq: (when) => `It has to be done no later than ${when}.`,
    gt: (when) => `It has to be done after ${when}.`,
    gteq: (when) => `It has to be done no earlier than ${when}.`,
  },
  elapsedTime: { lt: (time) => `Less than ${time} have passed since the agreement.`, lteq: (time) => `No more than ${time} have passed since the agreement.` },
  dayOfWeek: { one: (days) => `The day of the week is ${days}.`, none: (days) => `The day of the week is not ${days}.` },
  hour: (hour) => `${hour}:00`,
  hourOfDay: {
    eq: (hour) => `The request is made in the hour that begins at ${hour}.`,
    neq: (hour) => `The request is not made in the hour that begins at ${hour}.`,
    lt: (hour) => `The request is made before ${hour}.`,
    lteq: (hour) => `The request is made no later than in the hour that begins at ${hour}.`,
    gt: (hour) => `The request is made after the hour that begins at ${hour}.`,
    gteq: (hour) => `The request is made at ${hour} or later.`,
  },
  sets: {
    recipient: { one: (names) => `The participant that asks is ${names}.`, none: (names) => `The participant that asks is not ${names}.` },
    partnerGroup: { one: (names) => `The provider counts the participant that asks in the group ${names}.`, none: (names) => `The provider does not count the participant that asks in the group ${names}.` },
    purpose: { one: (names) => `The declared purpose is exactly: ${names}.`, none: (names) => `The declared purpose is not: ${names}.` },
    role: { one: (names) => `The declared role of who asks is ${names}.`, none: (names) => `The declared role of who asks is not ${names}.` },
    legalBasis: { one: (names) => `The declared legal basis is ${names}.`, none: (names) => `The declared legal basis is not ${names}.` },
    fileFormat: { one: (names) => `The answer is given as ${names}.`, none: (names) => `The answer is not given as ${names}.` },
    path: { one: (names) => `The path requested is ${names}.`, none: (names) => `The path requested is not ${names}.` },
    method: { one: (names) => `The method of the request is ${names}.`, none: (names) => `The method of the request is not ${names}.` },
    spatial: { one: (names) => `The data is used in ${names}, as the participant says.`, none: (names) => `The data is not used in ${names}, as the participant says.` },
    securityLevel: { one: (names) => `The level of security is ${names}, as the participant says.`, none: (names) => `The level of security is not ${names}, as the participant says.` },
  },
  narrower: { purpose: (names) => `The declared purpose is ${names}, or a narrower one.`, spatial: (names) => `The data is used in ${names} or a part of it, as the participant says.` },
  parameter: { one: (about, values) => `The parameter ${about} of the request is ${values}.`, none: (about, values) => `The parameter ${about} of the request is not ${values}.` },
  counters: {
    count: (count, text) => (count === 1 ? 'Only one request is answered in all.' : `No more than ${text} requests are answered in all.`),
    queriesPerDay: (count, text) => (count === 1 ? 'Only one request is answered per day.' : `No more than ${text} requests are answered per day.`),
    queriesPerHour: (count, text) => (count === 1 ? 'Only one request is answered per hour.' : `No more than ${text} requests are answered per hour.`),
    rowsPerDay: (count, text) => (count === 1 ? 'Only one row comes out per day.' : `No more than ${text} rows come out per day.`),
    bytesPerDay: (count, text) => (count === 1 ? 'Only one byte comes out per day.' : `No more than ${text} bytes come out per day.`),
    rows: (count, text) => (count === 1 ? 'Only one row comes out in all.' : `No more than ${text} rows come out in all.`),
    bytes: (count, text) => (count === 1 ? 'Only one byte comes out in all.' : `No more than ${text} bytes come out in all.`),
  },
  dayBegins: (zone) => `A day begins at midnight (${zone.startsWith('UTC') ? zone : `time of ${zone}`}).`,
  rowsPerAnswer: (count, text) => (count === 1 ? 'An answer has only one row.' : `An answer has no more than ${text} rows.`),
  rowScope: {
    eq: (about, value) => `Only rows whose ${about} is ${value} count.`,
    neq: (about, value) => `Only rows whose ${about} is not ${value} count.`,
    lt: (about, value) => `Only rows whose ${about} is before or below ${value} count.`,
    lteq: (about, value) => `Only rows whose ${about} is at most ${value} count.`,
    gt: (about, value) => `Only rows whose ${about} is after or above ${value} count.`,
    gteq: (about, value) => `Only rows whose ${about} is at least ${value} count.`,
    one: (about, values) => `Only rows whose ${about} is ${values} count.`,
    none: (about, values) => `Only rows whose ${about} is not ${values} count.`,
  },
  column: (columns) => `Only these columns exist for the request: ${columns}.`,
  mask,
  minGroupSize: (unit, count) => `Only groups of at least ${count} different ones of “${unit}” come out.`,
  largestShare: (unit, share) => `Only groups come out in which no single one of “${unit}” makes up more than ${share} of any sum.`,
  rounding: (measure, value) => `${measure === undefined ? 'All numbers that come out' : `Numbers of the column ${measure}`} are rounded to multiples of ${value}.`,
  delayPeriod: (time) => `It has to be done within ${time} of the agreement.`,
  timeInterval: (time) => `It recurs: every ${time}, counted from the agreement.`,
  payAmount: { eq: (amount) => `The amount is ${amount}.`, lteq: (amount) => `The amount is at most ${amount}.`, gteq: (amount) => `The amount is at least ${amount}.` },
  schema: (name) => `The data follows the schema ${name}.`,
  event: (name) => `It is brought about by the event “${name}”.`,
  other: (name, operator, values) => `“${name}” compares (${operator}) with ${values}.`,
  unsupported: 'not enforced here: a policy with this term is refused',
  aggregatesOnly: 'Single rows never come out under this permission, only aggregates.',
  declared: 'That purpose, role or legal basis are declared and signed is made sure of at every request; what the data is used for afterwards rests on the word of the participant.',
  conflict: {
    perm: 'Where a permission and a prohibition meet, the permission counts.',
    prohibit: 'Where a permission and a prohibition meet, the prohibition counts.',
    invalid: 'Where a permission and a prohibition meet, nothing is permitted.',
  },
  firstPermission: 'Of several permissions the first that holds counts, with its terms alone.',
  nothingPermitted: 'Nothing else is permitted.',
}
