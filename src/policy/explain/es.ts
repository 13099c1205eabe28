import type { Mask } from '../restriction.ts'
import type { Sentences } from './sentences.ts'

const masks: Readonly<Record<'year' | 'month' | 'week' | 'day', string>> = { year: 'el año', month: 'el mes', week: 'la semana (que empieza en lunes)', day: 'el día' }

function mask(column: string, mask: Mask, step: string): string {
  switch (mask.kind) {
    case 'drop':
      return `La columna ${column} no sale.`
    case 'truncate':
      return mask.length === 1 ? `De la columna ${column} solo sale el primer carácter.` : `De la columna ${column} solo salen los primeros ${mask.length} caracteres.`
    case 'period':
      return `De la columna ${column} solo sale ${masks[mask.to]}.`
    case 'grid':
      return `Los valores de la columna ${column} solo salen como múltiplos de ${step}.`
    case 'hash':
      return `Los valores de la columna ${column} solo salen como resúmenes criptográficos, hechos con una clave del acuerdo: los valores iguales siguen siendo iguales.`
  }
}

/** Policies in Spanish. */
export const es: Sentences = {
  permission: ({ action, party, terms }) => `${party === undefined ? 'Se permite' : `${party} puede`} ${action}${terms ? ', si se cumple todo esto:' : ', sin más condiciones.'}`,
  prohibition: ({ action, party, terms }) => `${party === undefined ? 'Se prohíbe' : `${party} no puede`} ${action}${terms ? ', siempre que se cumpla todo esto:' : '.'}`,
  obligation: ({ action, party, terms }) => `${party === undefined ? 'Es obligatorio' : `${party} debe`} ${action}${terms ? ', de la manera siguiente:' : '.'}`,
  duty: ({ action, party, terms }) => `No se permite ninguna petición antes de que conste que ${party === undefined ? 'se ha hecho' : `${party} ha hecho`} esto: ${action}${terms ? ', de la manera siguiente:' : '.'}`,
  consequence: ({ action, party, terms }) => `Si no se hace, ${party === undefined ? 'también es obligatorio' : `${party} también debe`} ${action}${terms ? ', de la manera siguiente:' : '.'}`,
  remedy: ({ action, party, terms }) => `Si a pesar de todo ocurre, ${party === undefined ? 'es obligatorio' : `${party} debe`} ${action}${terms ? ', de la manera siguiente:' : '.'}`,
  actions: {
    use: 'usar los datos',
    read: 'leer los datos fila por fila',
    queryAggregate: 'pedir agregados de los datos (sumas, medias, recuentos)',
    aggregate: 'usar los datos en una colección con otros datos',
    anonymize: 'anonimizar los datos',
    archive: 'archivar los datos',
    attribute: 'citar la fuente de los datos',
    commercialize: 'usar los datos comercialmente',
    compensate: 'pagar por los datos',
    pay: 'pagar por los datos',
    delete: 'borrar los datos',
    derive: 'derivar datos nuevos de los datos',
    distribute: 'pasar los datos a terceros',
    grantUse: 'conceder a terceros el uso de los datos',
    give: 'ceder los datos',
    inform: 'informar a la otra parte',
    modify: 'modificar los datos',
    nextPolicy: 'vincular a las condiciones indicadas a quien reciba los datos después',
    obtainConsent: 'obtener el consentimiento',
    present: 'presentar los datos en público',
    reproduce: 'copiar los datos',
    reviewPolicy: 'revisar la política',
    sell: 'vender los datos',
    share: 'compartir los datos',
    transfer: 'entregar los datos, con todos los derechos sobre ellos',
    transform: 'convertir los datos a otro formato',
    translate: 'traducir los datos',
  },
  otherAction: (term) => `realizar la acción «${term}» con los datos`,
  logical: { and: 'Se cumple todo esto:', or: 'Se cumple al menos una de estas condiciones:', xone: 'Se cumple exactamente una de estas condiciones:', andSequence: 'Se cumple todo esto, en este orden:' },
  refinement: (name) => `Solo en la medida en que se cumple esto de «${name}»:`,
  inZone: (text, zone) => `${text} (${zone.startsWith('UTC') ? zone : `hora de ${zone}`})`,
  dateTime: {
    eq: (when) => `El momento de la petición es: ${when}.`,
    neq: (when) => `El momento de la petición no es: ${when}.`,
    lt: (when) => `La petición se hace antes de este momento: ${when}.`,
    lteq: (when) => `La petición se hace, a más tardar: ${when}.`,
    gt: (when) => `La petición se hace después de este momento: ${when}.`,
    gteq: (when) => `La petición se hace a partir de este momento: ${when}.`,
  },
  due: {
    eq: (when) => `Debe hacerse en este momento: ${when}.`,
    neq: (when) => `No debe hacerse en este momento: ${when}.`,
    lt: (when) => `Debe hacerse antes de este momento: ${when}.`,
    lteq: (when) => `Debe hacerse, a más tardar: ${when}.`,
    gt: (when) => `Debe hacerse después de este momento: ${when}.`,
    gteq: (when) => `Debe hacerse a partir de este momento: ${when}.`,
  },
  elapsedTime: { lt: (time) => `Desde el acuerdo ha pasado menos de este tiempo: ${time}.`, lteq: (time) => `Desde el acuerdo ha pasado, como máximo, este tiempo: ${time}.` },
  dayOfWeek: { one: (days) => `El día de la semana es ${days}.`, none: (days) => `El día de la semana no es ${days}.` },
  hour: (hour) => (hour === '1' ? 'la 1:00' : `las ${hour}:00`),
  hourOfDay: {
    eq: (hour) => `La petición se hace dentro de la hora que empieza a ${hour}.`,
    neq: (hour) => `La petición no se hace dentro de la hora que empieza a ${hour}.`,
    lt: (hour) => `La petición se hace antes de ${hour}.`,
    lteq: (hour) => `La petición se hace, a más tardar, dentro de la hora que empieza a ${hour}.`,
    gt: (hour) => `La petición se hace después de la hora que empieza a ${hour}.`,
    gteq: (hour) => `La petición se hace a partir de ${hour}.`,
  },
  sets: {
    recipient: { one: (names) => `El participante que hace la petición es ${names}.`, none: (names) => `El participante que hace la petición no es ${names}.` },
    partnerGroup: { one: (names) => `El proveedor incluye al participante que hace la petición en el grupo ${names}.`, none: (names) => `El proveedor no incluye al participante que hace la petición en el grupo ${names}.` },
    purpose: { one: (names) => `La finalidad declarada es exactamente: ${names}.`, none: (names) => `La finalidad declarada no es: ${names}.` },
    role: { one: (names) => `El rol declarado de quien hace la petición es ${names}.`, none: (names) => `El rol declarado de quien hace la petición no es ${names}.` },
    legalBasis: { one: (names) => `La base jurídica declarada es ${names}.`, none: (names) => `La base jurídica declarada no es ${names}.` },
    fileFormat: { one: (names) => `La respuesta se da en formato ${names}.`, none: (names) => `La respuesta no se da en formato ${names}.` },
    path: { one: (names) => `La ruta que se pide es ${names}.`, none: (names) => `La ruta que se pide no es ${names}.` },
    method: { one: (names) => `El método de la petición es ${names}.`, none: (names) => `El método de la petición no es ${names}.` },
    spatial: { one: (names) => `Los datos se usan en este lugar, según dice el participante: ${names}.`, none: (names) => `Los datos no se usan en este lugar, según dice el participante: ${names}.` },
    securityLevel: { one: (names) => `El nivel de seguridad es, según dice el participante, ${names}.`, none: (names) => `El nivel de seguridad no es, según dice el participante, ${names}.` },
  },
  narrower: { purpose: (names) => `La finalidad declarada es esta o una más específica: ${names}.`, spatial: (names) => `Los datos se usan en este lugar o en una parte de él, según dice el participante: ${names}.` },
  parameter: { one: (about, values) => `El parámetro ${about} de la petición es ${values}.`, none: (about, values) => `El parámetro ${about} de la petición no es ${values}.` },
  counters: {
    count: (count, text) => (count === 1 ? 'Solo se responde una petición en total.' : `Se responden, como máximo, ${text} peticiones en total.`),
    queriesPerDay: (count, text) => (count === 1 ? 'Solo se responde una petición por día.' : `Se responden, como máximo, ${text} peticiones por día.`),
    queriesPerHour: (count, text) => (count === 1 ? 'Solo se responde una petición por hora.' : `Se responden, como máximo, ${text} peticiones por hora.`),
    rowsPerDay: (count, text) => (count === 1 ? 'Solo sale una fila por día.' : `Salen, como máximo, ${text} filas por día.`),
    bytesPerDay: (count, text) => (count === 1 ? 'Solo sale un byte por día.' : `Salen, como máximo, ${text} bytes por día.`),
    rows: (count, text) => (count === 1 ? 'Solo sale una fila en total.' : `Salen, como máximo, ${text} filas en total.`),
    bytes: (count, text) => (count === 1 ? 'Solo sale un byte en total.' : `Salen, como máximo, ${text} bytes en total.`),
  },
  dayBegins: (zone) => `El día empieza a medianoche (${zone.startsWith('UTC') ? zone : `hora de ${zone}`}).`,
  rowsPerAnswer: (count, text) => (count === 1 ? 'Una respuesta tiene solo una fila.' : `Una respuesta tiene, como máximo, ${text} filas.`),
  rowScope: {
    eq: (about, value) => `Solo cuentan las filas en las que ${about} es ${value}.`,
    neq: (about, value) => `Solo cuentan las filas en las que ${about} no es ${value}.`,
    lt: (about, value) => `Solo cuentan las filas en las que ${about} es anterior o inferior a ${value}.`,
    lteq: (about, value) => `Solo cuentan las filas en las que ${about} es, como máximo, ${value}.`,
    gt: (about, value) => `Solo cuentan las filas en las que ${about} es posterior o superior a ${value}.`,
    gteq: (about, value) => `Solo cuentan las filas en las que ${about} es, como mínimo, ${value}.`,
    one: (about, values) => `Solo cuentan las filas en las que ${about} es ${values}.`,
    none: (about, values) => `Solo cuentan las filas en las que ${about} no es ${values}.`,
  },
  column: (columns) => `Para la petición solo existen estas columnas: ${columns}.`,
  mask,
  minGroupSize: (unit, count) => `Solo salen los grupos de al menos ${count} elementos distintos de «${unit}».`,
  largestShare: (unit, share) => `Solo salen los grupos en los que ningún elemento de «${unit}» representa más del ${share} de ninguna suma.`,
  rounding: (measure, value) => (measure === undefined ? `Todos los números que salen se redondean a múltiplos de ${value}.` : `Los números de la columna ${measure} se redondean a múltiplos de ${value}.`),
  delayPeriod: (time) => `Debe hacerse dentro de este plazo desde el acuerdo: ${time}.`,
  timeInterval: (time) => `Se repite con esta periodicidad, contada desde el acuerdo: ${time}.`,
  payAmount: { eq: (amount) => `El importe es de ${amount}.`, lteq: (amount) => `El importe es, como máximo, de ${amount}.`, gteq: (amount) => `El importe es, como mínimo, de ${amount}.` },
  schema: (name) => `Los datos siguen el esquema ${name}.`,
  event: (name) => `Lo origina el evento «${name}».`,
  other: (name, operator, values) => `«${name}» se compara (${operator}) con ${values}.`,
  unsupported: 'aquí no se garantiza: una política con esta condición se rechaza',
  aggregatesOnly: 'Con este permiso nunca salen filas individuales, solo agregados.',
  declared: 'En cada petición se asegura que la finalidad, el rol o la base jurídica se han declarado y firmado; para qué se usan después los datos depende de la palabra del participante.',
  conflict: {
    perm: 'Cuando un permiso y una prohibición coinciden, vale el permiso.',
    prohibit: 'Cuando un permiso y una prohibición coinciden, vale la prohibición.',
    invalid: 'Cuando un permiso y una prohibición coinciden, no se permite nada.',
  },
  firstPermission: 'De varios permisos vale el primero que se cumple, solo con sus condiciones.',
  nothingPermitted: 'No se permite nada más.',
}
