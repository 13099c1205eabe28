/** Whole-number fractions, exactly. */
interface Fraction {
  readonly top: bigint
  readonly bottom: bigint
}

const zero: Fraction = { top: 0n, bottom: 1n }

function fraction(top: bigint, bottom: bigint): Fraction {
  let [a, b] = [top < 0n ? -top : top, bottom]
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? zero : { top: top / a, bottom: bottom / a }
}

/**
 * What an adversary gets out of released sets by adding and subtracting their totals: rows of Gaussian elimination over the rows of the
 * table, in an order of columns of the adversary's choice. Each row is the set of table rows in it, with what they are multiplied by.
 */
export function eliminate(sets: readonly (readonly boolean[])[], order: readonly number[]): boolean[][] {
  const rows = sets.map((set) => set.map((inside): Fraction => (inside ? { top: 1n, bottom: 1n } : zero)))
  let top = 0
  for (const column of order) {
    const at = rows.findIndex((row, index) => index >= top && row[column]?.top !== 0n)
    const pivot = rows[at]
    const other = rows[top]
    if (pivot === undefined || other === undefined) continue
    rows[at] = other
    rows[top] = pivot
    const by = pivot[column] ?? zero
    rows.forEach((row, index) => {
      const head = row[column] ?? zero
      if (index === top || head.top === 0n) return
      const sign = by.top < 0n ? -1n : 1n
      const factor = fraction(head.top * by.bottom * sign, head.bottom * by.top * sign)
      rows[index] = row.map((value, place) => {
        const less = pivot[place] ?? zero
        return fraction(value.top * factor.bottom * less.bottom - factor.top * less.top * value.bottom, value.bottom * factor.bottom * less.bottom)
      })
    })
    top++
  }
  return rows.map((row) => row.map(({ top }) => top !== 0n)).filter((row) => row.includes(true))
}
