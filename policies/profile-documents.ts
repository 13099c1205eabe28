import { readyMadePolicies } from '../src/policy/ready-made/ready-made-list.ts'
import { languages, operandText, operandTexts } from '../src/policy/explain/operand-texts.ts'
import type { Language } from '../src/policy/explain/operand-texts.ts'
import { odrlIri, operandTable, profileActions, profileIri } from '../src/policy/profile.ts'
import type { OperandRow } from '../src/policy/profile.ts'
import { constraintSchema } from './constraint-schemas.ts'

/** Everything that is published of the profile and generated from its table: texts by path below `policies/`. */
export function profileDocuments(): ReadonlyMap<string, string> {
  return new Map([
    ['vocabulary/profile.jsonld', json(vocabulary())],
    ...operandTable.map((row) => [`schemas/${row.term}.schema.json`, json(constraintSchema(row))] as const),
    ['README.md', readme()],
  ])
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function inAll(text: (language: Language) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(languages.map((language) => [language, text(language)]))
}

const title = { en: 'Concordat’s policy profile', ca: 'Perfil de polítiques de Concordat', es: 'Perfil de políticas de Concordat' }
const about = {
  en: 'What agreements between cities and their partners may say about the use of data, and how far software makes sure of it.',
  ca: 'El que poden dir els acords entre les ciutats i els seus socis sobre l’ús de les dades, i fins on ho garanteix el programari.',
  es: 'Lo que pueden decir los acuerdos entre las ciudades y sus socios sobre el uso de los datos, y hasta dónde lo garantiza el software.',
}
const actions = [
  {
    iri: profileActions.queryAggregate,
    includedIn: `${odrlIri}use`,
    label: { en: 'Query aggregates', ca: 'Consultar agregats', es: 'Consultar agregados' },
    definition: {
      en: 'To ask for statistics about the data, and never for single rows of it.',
      ca: 'Demanar estadístiques sobre les dades, i mai files individuals.',
      es: 'Pedir estadísticas sobre los datos, y nunca filas individuales.',
    },
  },
] as const

function vocabulary(): unknown {
  const language = (name: string) => ({ '@id': name, '@container': '@language' })
  return {
    '@context': {
      odrl: odrlIri,
      concordat: profileIri,
      skos: 'http://www.w3.org/2004/02/skos/core#',
      rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
      dcterms: 'http://purl.org/dc/terms/',
      owl: 'http://www.w3.org/2002/07/owl#',
      title: language('dcterms:title'),
      description: language('dcterms:description'),
      label: language('rdfs:label'),
      prefLabel: language('skos:prefLabel'),
      definition: language('skos:definition'),
      scopeNote: language('skos:scopeNote'),
      note: language('skos:note'),
      isDefinedBy: { '@id': 'rdfs:isDefinedBy', '@type': '@id' },
      inScheme: { '@id': 'skos:inScheme', '@type': '@id' },
      includedIn: { '@id': 'odrl:includedIn', '@type': '@id' },
      references: { '@id': 'dcterms:references', '@type': '@id' },
    },
    '@graph': [
      { '@id': profileIri, '@type': ['odrl:Profile', 'owl:Ontology', 'skos:ConceptScheme'], title, description: about, 'owl:versionInfo': '1', references: odrlIri },
      ...actions.map(({ iri, includedIn, label, definition }) => ({ '@id': iri, '@type': ['odrl:Action', 'skos:Concept'], isDefinedBy: profileIri, inScheme: profileIri, label, prefLabel: label, definition, includedIn })),
      ...operandTable.map(term),
    ],
  }
}

/** A term of ours with its definition; of a term of ODRL only what this profile does with it. */
function term(row: OperandRow): unknown {
  const note = inAll((language) => `${operandTexts[language].enforcement[row.enforcement].name}. ${operandText(row, language).where} ${operandText(row, language).unknown}`)
  const definition = inAll((language) => operandText(row, language).definition)
  if (row.iri.startsWith(odrlIri)) return { '@id': row.iri, '@type': ['odrl:LeftOperand', 'skos:Concept'], inScheme: profileIri, scopeNote: definition, note }
  const label = inAll((language) => operandText(row, language).name)
  return { '@id': row.iri, '@type': ['odrl:LeftOperand', 'skos:Concept'], isDefinedBy: profileIri, inScheme: profileIri, label, prefLabel: label, definition, note }
}

const sources: Readonly<Record<OperandRow['source'], string>> = {
  clock: 'clock of the connector',
  register: 'register of partners',
  statement: 'signed statement',
  request: 'the request',
  counter: 'counter',
  query: 'the query',
  attestation: 'what the partner says',
}
const values: Readonly<Record<OperandRow['datatype'], string>> = {
  iri: 'IRI',
  string: 'text',
  integer: '`xsd:integer`',
  decimal: '`xsd:decimal`',
  dateTime: '`xsd:dateTime` or `xsd:date`',
  duration: '`xsd:duration`',
  dimensionValue: 'value of the dimension',
  mask: 'mask',
}

function readme(): string {
  const text = operandTexts.en
  const name = (row: OperandRow) => `\`${row.iri.startsWith(odrlIri) ? 'odrl' : 'concordat'}:${row.term}${row.about === undefined ? '' : row.aboutOptional === true ? `[#${row.about.toUpperCase()}]` : `#${row.about.toUpperCase()}`}\``
  const datatype = (row: OperandRow) => `${values[row.datatype]}${row.unit === undefined ? '' : row.unit === 'timeZone' ? ', unit: time zone' : ', unit: currency'}`
  const cells = operandTable.map((row) => [name(row), operandText(row, 'en').definition, row.operators.map((operator) => `\`${operator}\``).join(' '), datatype(row), sources[row.source], text.where[row.place], text.enforcement[row.enforcement].name, text.unknown[row.source]])
  const line = (columns: readonly string[]) => `| ${columns.map((column) => column.replaceAll('|', String.raw`\|`)).join(' | ')} |`
  const table = [line(['Operand', 'What it is', 'Operators', 'Value', 'Where the value comes from', 'Where it is enforced', 'Label', 'When the value is unknown']), line(Array.from({ length: 8 }, () => '---')), ...cells.map(line)].join('\n')
  const labels = (['enforced', 'monitored', 'attested'] as const).map((key) => `- **${text.enforcement[key].name}**: ${text.enforcement[key].definition}`).join('\n')
  const readyMade = [line(['Name', 'What it is for', 'Blanks']), line(['---', '---', '---']), ...readyMadePolicies.map(({ id, description, blanks }) => line([`\`${id}\``, description.en, Object.keys(blanks).map((blank) => `\`${blank}\``).join(' ')]))].join('\n')
  return `<!-- Generated by \`npm run generate\` from src/policy/profile.ts and the texts beside it; do not edit. -->
# Policies

${about.en} The profile's IRI, which is also the namespace of its terms, is \`${profileIri}\`.

- \`vocabulary/profile.jsonld\`: the terms as JSON-LD, with definitions in English, Catalan and Spanish.
- \`vocabulary/purposes.json\`: the purposes of the Data Privacy Vocabulary with what is above them.
- \`schemas/\`: one JSON Schema (2020-12) for the constraints of each operand.
- \`ready-made/\`: policies with blanks, and a decision table each.

## How to write a policy

A policy is ODRL 2.2 in JSON. It names the profile, and its operands as full IRIs or with the prefixes \`odrl:\` and \`concordat:\`. What an operand is about stands after a number sign: \`concordat:minGroupSize#card\`. Values are texts, \`{"@value", "@type"}\` or \`{"@id"}\`, because the Dataspace Protocol knows no bare numbers.

\`\`\`json
{
  "profile": "${profileIri}",
  "permission": [
    {
      "action": "concordat:queryAggregate",
      "constraint": [
        { "leftOperand": "odrl:purpose", "operator": "isA", "rightOperand": { "@id": "dpv:ProvideOfficialStatistics" } },
        { "leftOperand": "concordat:minGroupSize#card", "operator": "gteq", "rightOperand": { "@value": "10", "@type": "xsd:integer" } },
        { "leftOperand": "odrl:dateTime", "operator": "lteq", "rightOperand": { "@value": "2027-12-31", "@type": "xsd:date" }, "unit": "Europe/Madrid" }
      ]
    }
  ]
}
\`\`\`

A request is for \`odrl:read\` (rows, whole downloads, HTTP APIs) or \`concordat:queryAggregate\` (statistics); \`odrl:use\` includes both. The first permission that fits a request counts, and all of its constraints hold together. Terms of the query and of counters stand only as direct constraints of a permission. A term that is not in the table is refused when the policy is saved, offered, requested or agreed; an unknown value never permits, and never lifts a prohibition.

${labels}

## Operands

${table}

Masks: \`drop\`, \`truncate:3\`, \`year\`, \`month\`, \`week\`, \`day\`, \`grid:0.01\`, \`hash\`.

## Ready-made policies

\`concordat policy list\`, \`concordat policy show NAME\` (blanks, what they change, their defaults), \`concordat policy fill NAME --set BLANK=VALUE … --out FILE\`, \`concordat policy test FILE --table TABLE.json\` or \`concordat policy test --ready-made NAME\`.

${readyMade}

To add one, put a file into \`ready-made/\` and name it in \`src/policy/ready-made/ready-made-list.ts\`. It has \`id\` (the name of the file), \`version\`, \`title\` and \`description\` in three languages, \`blanks\`, \`policy\` and \`table\`. Where a value is left open, the policy has \`{"$blank": "name"}\`; where an operand is about something that is left open, \`{"$operand": "minGroupSize", "about": {"$blank": "unit"}}\`. Each blank has a type, a label and a \`why\` that tells what the choice changes; one without a default has to be filled. \`example\` fills, for the table, what has no default. Each row of the table is a request (\`action\`, \`assignee\`, \`context\` by the operand's name, counters as they stand when the request is answered), \`now\`, perhaps \`agreedAt\`, \`fulfilled\` (places of duties) and \`values\` of blanks, and what must come of it: \`decision\`, \`because\` (the operand that refuses, \`action\`, \`assignee\`, or \`no-permission\`, \`prohibited\`), \`restriction\` (what is left to the query). A table has at least eight rows, and those at every limit: the last second and the one after it, the last query of the day, the hour in another time zone, a purpose that is narrower, broader, unknown or missing, another role. The tables are run as tests.
`
}
