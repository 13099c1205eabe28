import type { Mask } from '../restriction.ts'
import type { Sentences } from './sentences.ts'

const masks: Readonly<Record<'year' | 'month' | 'week' | 'day', string>> = { year: 'l\'any', month: 'el mes', week: 'la setmana (que comença en dilluns)', day: 'el dia' }

function mask(column: string, mask: Mask, step: string): string {
  switch (mask.kind) {
    case 'drop':
      return `La columna ${column} no surt.`
    case 'truncate':
      return mask.length === 1 ? `De la columna ${column} només en surt el primer caràcter.` : `De la columna ${column} només en surten els primers ${mask.length} caràcters.`
    case 'period':
      return `De la columna ${column} només en surt ${masks[mask.to]}.`
    case 'grid':
      return `Els valors de la columna ${column} només surten com a múltiples de ${step}.`
    case 'hash':
      return `Els valors de la columna ${column} només surten com a resums criptogràfics, fets amb una clau de l'acord: els valors iguals continuen sent iguals.`
  }
}

// Before a vowel, "de" is elided.
function hasTo(action: string): string {
  return /^h?[aeiouàèéíòóú]/i.test(action) ? `ha d'${action}` : `ha de ${action}`
}

/** Policies in Catalan. */
export const ca: Sentences = {
  permission: ({ action, party, terms }) => `${party === undefined ? 'Es permet' : `${party} pot`} ${action}${terms ? ', si es compleix tot això:' : ', sense més condicions.'}`,
  prohibition: ({ action, party, terms }) => `${party === undefined ? 'Es prohibeix' : `${party} no pot`} ${action}${terms ? ', sempre que es compleixi tot això:' : '.'}`,
  obligation: ({ action, party, terms }) => `${party === undefined ? `És obligatori ${action}` : `${party} ${hasTo(action)}`}${terms ? ', de la manera següent:' : '.'}`,
  duty: ({ action, party, terms }) => `No es permet cap petició abans que consti que ${party === undefined ? 's\'ha fet' : `${party} ha fet`} això: ${action}${terms ? ', de la manera següent:' : '.'}`,
  consequence: ({ action, party, terms }) => `Si no es fa, ${party === undefined ? `també és obligatori ${action}` : `${party} també ${hasTo(action)}`}${terms ? ', de la manera següent:' : '.'}`,
  remedy: ({ action, party, terms }) => `Si malgrat tot passa, ${party === undefined ? `és obligatori ${action}` : `${party} ${hasTo(action)}`}${terms ? ', de la manera següent:' : '.'}`,
  actions: {
    use: 'usar les dades',
    read: 'llegir les dades fila per fila',
    queryAggregate: 'demanar agregats de les dades (sumes, mitjanes, recomptes)',
    aggregate: 'usar les dades en una col·lecció amb altres dades',
    anonymize: 'anonimitzar les dades',
    archive: 'arxivar les dades',
    attribute: 'citar la font de les dades',
    commercialize: 'usar les dades comercialment',
    compensate: 'pagar per les dades',
    pay: 'pagar per les dades',
    delete: 'esborrar les dades',
    derive: 'derivar dades noves de les dades',
    distribute: 'passar les dades a tercers',
    grantUse: 'concedir a tercers l\'ús de les dades',
    give: 'cedir les dades',
    inform: 'informar l\'altra part',
    modify: 'modificar les dades',
    nextPolicy: 'vincular a les condicions indicades qui rebi les dades després',
    obtainConsent: 'obtenir el consentiment',
    present: 'presentar les dades en públic',
    reproduce: 'copiar les dades',
    reviewPolicy: 'revisar la política',
    sell: 'vendre les dades',
    share: 'compartir les dades',
    transfer: 'lliurar les dades, amb tots els drets sobre elles',
    transform: 'convertir les dades a un altre format',
    translate: 'traduir les dades',
  },
  otherAction: (term) => `fer l'acció «${term}» amb les dades`,
  logical: { and: 'Es compleix tot això:', or: 'Es compleix almenys una d\'aquestes condicions:', xone: 'Es compleix exactament una d\'aquestes condicions:', andSequence: 'Es compleix tot això, en aquest ordre:' },
  refinement: (name) => `Només en la mesura que es compleix això de «${name}»:`,
  inZone: (text, zone) => `${text} (${zone.startsWith('UTC') ? zone : `hora de ${zone}`})`,
  dateTime: {
    eq: (when) => `El moment de la petició és: ${when}.`,
    neq: (when) => `El moment de la petició no és: ${when}.`,
    lt: (when) => `La petició es fa abans d'aquest moment: ${when}.`,
    lteq: (when) => `La petició es fa, com a molt tard: ${when}.`,
    gt: (when) => `La petició es fa després d'aquest moment: ${when}.`,
    gteq: (when) => `La petició es fa a partir d'aquest moment: ${when}.`,
  },
  due: {
    eq: (when) => `S'ha de fer en aquest moment: ${when}.`,
    neq: (when) => `No s'ha de fer en aquest moment: ${when}.`,
    lt: (when) => `S'ha de fer abans d'aquest moment: ${when}.`,
    lteq: (when) => `S'ha de fer, com a molt tard: ${when}.`,
    gt: (when) => `S'ha de fer després d'aquest moment: ${when}.`,
    gteq: (when) => `S'ha de fer a partir d'aquest moment: ${when}.`,
  },
  elapsedTime: { lt: (time) => `Des de l'acord ha passat menys d'aquest temps: ${time}.`, lteq: (time) => `Des de l'acord ha passat, com a màxim, aquest temps: ${time}.` },
  dayOfWeek: { one: (days) => `El dia de la setmana és ${days}.`, none: (days) => `El dia de la setmana no és ${days}.` },
  hour: (hour) => (hour === '1' ? 'la 1:00' : `les ${hour}:00`),
  hourOfDay: {
    eq: (hour) => `La petició es fa dins l'hora que comença a ${hour}.`,
    neq: (hour) => `La petició no es fa dins l'hora que comença a ${hour}.`,
    lt: (hour) => `La petició es fa abans de ${hour}.`,
    lteq: (hour) => `La petició es fa, com a molt tard, dins l'hora que comença a ${hour}.`,
    gt: (hour) => `La petició es fa després de l'hora que comença a ${hour}.`,
    gteq: (hour) => `La petició es fa a partir de ${hour}.`,
  },
  sets: {
    recipient: { one: (names) => `El participant que fa la petició és ${names}.`, none: (names) => `El participant que fa la petició no és ${names}.` },
    partnerGroup: { one: (names) => `El proveïdor inclou el participant que fa la petició en el grup ${names}.`, none: (names) => `El proveïdor no inclou el participant que fa la petició en el grup ${names}.` },
    purpose: { one: (names) => `La finalitat declarada és exactament: ${names}.`, none: (names) => `La finalitat declarada no és: ${names}.` },
    role: { one: (names) => `El rol declarat de qui fa la petició és ${names}.`, none: (names) => `El rol declarat de qui fa la petició no és ${names}.` },
    legalBasis: { one: (names) => `La base jurídica declarada és ${names}.`, none: (names) => `La base jurídica declarada no és ${names}.` },
    fileFormat: { one: (names) => `La resposta es dona en format ${names}.`, none: (names) => `La resposta no es dona en format ${names}.` },
    path: { one: (names) => `El camí que es demana és ${names}.`, none: (names) => `El camí que es demana no és ${names}.` },
    method: { one: (names) => `El mètode de la petició és ${names}.`, none: (names) => `El mètode de la petició no és ${names}.` },
    spatial: { one: (names) => `Les dades s'usen en aquest lloc, segons diu el participant: ${names}.`, none: (names) => `Les dades no s'usen en aquest lloc, segons diu el participant: ${names}.` },
    securityLevel: { one: (names) => `El nivell de seguretat és, segons diu el participant, ${names}.`, none: (names) => `El nivell de seguretat no és, segons diu el participant, ${names}.` },
  },
  narrower: { purpose: (names) => `La finalitat declarada és aquesta o una de més específica: ${names}.`, spatial: (names) => `Les dades s'usen en aquest lloc o en una part d'ell, segons diu el participant: ${names}.` },
  parameter: { one: (about, values) => `El paràmetre ${about} de la petició és ${values}.`, none: (about, values) => `El paràmetre ${about} de la petició no és ${values}.` },
  counters: {
    count: (count, text) => (count === 1 ? 'Només es respon una petició en total.' : `Es responen, com a màxim, ${text} peticions en total.`),
    queriesPerDay: (count, text) => (count === 1 ? 'Només es respon una petició per dia.' : `Es responen, com a màxim, ${text} peticions per dia.`),
    queriesPerHour: (count, text) => (count === 1 ? 'Només es respon una petició per hora.' : `Es responen, com a màxim, ${text} peticions per hora.`),
    rowsPerDay: (count, text) => (count === 1 ? 'Només surt una fila per dia.' : `Surten, com a màxim, ${text} files per dia.`),
    bytesPerDay: (count, text) => (count === 1 ? 'Només surt un byte per dia.' : `Surten, com a màxim, ${text} bytes per dia.`),
    rows: (count, text) => (count === 1 ? 'Només surt una fila en total.' : `Surten, com a màxim, ${text} files en total.`),
    bytes: (count, text) => (count === 1 ? 'Només surt un byte en total.' : `Surten, com a màxim, ${text} bytes en total.`),
  },
  dayBegins: (zone) => `El dia comença a mitjanit (${zone.startsWith('UTC') ? zone : `hora de ${zone}`}).`,
  rowsPerAnswer: (count, text) => (count === 1 ? 'Una resposta té només una fila.' : `Una resposta té, com a màxim, ${text} files.`),
  rowScope: {
    eq: (about, value) => `Només compten les files en què ${about} és ${value}.`,
    neq: (about, value) => `Només compten les files en què ${about} no és ${value}.`,
    lt: (about, value) => `Només compten les files en què ${about} és anterior o inferior a ${value}.`,
    lteq: (about, value) => `Només compten les files en què ${about} és, com a màxim, ${value}.`,
    gt: (about, value) => `Només compten les files en què ${about} és posterior o superior a ${value}.`,
    gteq: (about, value) => `Només compten les files en què ${about} és, com a mínim, ${value}.`,
    one: (about, values) => `Només compten les files en què ${about} és ${values}.`,
    none: (about, values) => `Només compten les files en què ${about} no és ${values}.`,
  },
  column: (columns) => `Per a la petició només existeixen aquestes columnes: ${columns}.`,
  mask,
  minGroupSize: (unit, count) => `Només surten els grups d'almenys ${count} elements diferents de «${unit}».`,
  largestShare: (unit, share) => `Només surten els grups en què cap element de «${unit}» representa més del ${share} de cap suma.`,
  rounding: (measure, value) => (measure === undefined ? `Tots els nombres que surten s'arrodoneixen a múltiples de ${value}.` : `Els nombres de la columna ${measure} s'arrodoneixen a múltiples de ${value}.`),
  delayPeriod: (time) => `S'ha de fer dins d'aquest termini des de l'acord: ${time}.`,
  timeInterval: (time) => `Es repeteix amb aquesta periodicitat, comptada des de l'acord: ${time}.`,
  payAmount: { eq: (amount) => `L'import és de ${amount}.`, lteq: (amount) => `L'import és, com a màxim, de ${amount}.`, gteq: (amount) => `L'import és, com a mínim, de ${amount}.` },
  schema: (name) => `Les dades segueixen l'esquema ${name}.`,
  event: (name) => `L'origina l'esdeveniment «${name}».`,
  other: (name, operator, values) => `«${name}» es compara (${operator}) amb ${values}.`,
  unsupported: 'aquí no es garanteix: una política amb aquesta condició es rebutja',
  aggregatesOnly: 'Amb aquest permís no surten mai files individuals, només agregats.',
  declared: 'En cada petició s\'assegura que la finalitat, el rol o la base jurídica s\'han declarat i signat; per a què s\'usen després les dades depèn de la paraula del participant.',
  conflict: {
    perm: 'Quan un permís i una prohibició coincideixen, val el permís.',
    prohibit: 'Quan un permís i una prohibició coincideixen, val la prohibició.',
    invalid: 'Quan un permís i una prohibició coincideixen, no es permet res.',
  },
  firstPermission: 'De diversos permisos val el primer que es compleix, només amb les seves condicions.',
  nothingPermitted: 'No es permet res més.',
}
