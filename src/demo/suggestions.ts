import { relative } from 'node:path'
import type { DataSpace, TransferIds } from './steps.ts'

/** Five things to try, ready to paste into a shell in the project's folder. */
export function suggestions({ operator, city }: DataSpace, made: { agreement: string; transfer: TransferIds }): readonly (readonly [what: string, command: string])[] {
  const operatorData = quoted(shortest(operator.folder))
  const cityData = quoted(shortest(city.folder))
  const curl = (partner: string, url: string) => `curl -sS -H "Authorization: Bearer $(cat ${partner}/operator.token)" '${url}'`
  return [
    ["Read the card operator's catalog as the city does:", `npx concordat catalog ${operator.id} --data ${cityData}`],
    ['The same by curl, over the management API of the city:', curl(cityData, `${city.managementUrl}/partners/${encodeURIComponent(operator.id)}/catalog`)],
    ['Fetch the data as lines of JSON, and look at the first two:', `npx concordat get ${made.transfer.city} --format ndjson --out - --data ${cityData} | head -n 2`],
    ['Suspend the transfer as the operator, see that the city gets nothing, and resume it:', `npx concordat transfer suspend ${made.transfer.operator} --reason 'Maintenance' --data ${operatorData}; npx concordat get ${made.transfer.city} --out refused.csv --data ${cityData}; npx concordat transfer resume ${made.transfer.operator} --data ${operatorData}`],
    ["See in the operator's record what left and what was refused:", curl(operatorData, `${operator.managementUrl}/audit/entries?agreement=${encodeURIComponent(made.agreement)}&limit=1000`)],
  ]
}

function shortest(folder: string): string {
  const path = relative('.', folder)
  return path.startsWith('..') ? folder : path
}

function quoted(text: string): string {
  return /^[A-Za-z0-9_./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
