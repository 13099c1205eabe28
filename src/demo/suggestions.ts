import { relative } from 'node:path'
import type { DataSpace, TransferIds } from './steps.ts'

interface Made {
  readonly agreement: string
  readonly transfer: TransferIds
}

/** Six things to try, ready to paste into a shell in the project's folder. */
export function suggestions({ operator, city }: DataSpace, { open, underTerms }: { open: Made; underTerms: Made }): readonly (readonly [what: string, command: string])[] {
  const operatorData = quoted(shortest(operator.folder))
  const cityData = quoted(shortest(city.folder))
  const curl = (partner: string, url: string) => `curl -sS -H "Authorization: Bearer $(cat ${partner}/operator.token)" '${url}'`
  return [
    ["Read the card operator's catalog as the city does:", `npx concordat catalog ${operator.id} --data ${cityData}`],
    ['The same by curl, over the management API of the city:', curl(cityData, `${city.managementUrl}/partners/${encodeURIComponent(operator.id)}/catalog`)],
    ['Fetch the list of neighbourhoods as lines of JSON, and look at the first two:', `npx concordat get ${open.transfer.city} --format ndjson --out - --data ${cityData} | head -n 2`],
    ['Ask for weekly spending by district as an analyst, for official statistics; then try another role, purpose or query:', `npx concordat get ${underTerms.transfer.city} --role analyst --purpose dpv:ProvideOfficialStatistics --query 'select=district,amount.sum()&week=gte.2026-W40' --format csv --out - --data ${cityData}`],
    ['Suspend the transfer as the operator, see that the city gets nothing, and resume it:', `npx concordat transfer suspend ${open.transfer.operator} --reason 'Maintenance' --data ${operatorData}; npx concordat get ${open.transfer.city} --out refused.csv --data ${cityData}; npx concordat transfer resume ${open.transfer.operator} --data ${operatorData}`],
    ["See in the operator's record what left and what was refused:", curl(operatorData, `${operator.managementUrl}/audit/entries?agreement=${encodeURIComponent(underTerms.agreement)}&limit=1000`)],
  ]
}

function shortest(folder: string): string {
  const path = relative('.', folder)
  return path.startsWith('..') ? folder : path
}

function quoted(text: string): string {
  return /^[A-Za-z0-9_./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
