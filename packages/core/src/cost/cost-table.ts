import { newAmounts, type CostAmounts } from '../reporting/cost-row.ts'
import { OTHER, type LabelValue, type LabelValues } from '../reporting/label-values.ts'
import { NO_LABELS, type Labels } from '../reporting/labels.ts'

/** The maximum number of combinations of a target and values of labels whose cost is counted apart. */
const MAX_COMBINATIONS = 10_000
/** The maximum number of combinations in which some labels, or the target, were replaced by `other`. */
const MAX_SHORTENED = 10_000

/** The money and the tokens of one combination, to which costs are added. */
export interface CostCell extends CostAmounts {
  readonly target: string
  readonly labels: readonly LabelValue[]
}

/** The combinations that begin with the same values of labels. A tree of them is searched without making a text of each combination. */
interface Branch {
  readonly cells: Map<string, CostCell>
  readonly next: Map<LabelValue, Branch>
}

/**
 * What was spent, by target and labels. It has a cell for each combination that occurs, so that a report can group them by anything. When
 * there are too many, `other` takes the place of labels or the target in new combinations. It begins with the label that has the most values,
 * so that a label with the ids of users does not hide the tenants. No money is left out.
 */
export class CostTable {
  readonly #values: LabelValues
  readonly #root: Branch = newBranch()
  readonly #cells: CostCell[] = []
  readonly #targets = new Set<string>()
  /** The cell of everything else, when no more combinations are counted apart. */
  #rest: CostCell | undefined

  constructor(values: LabelValues) {
    this.#values = values
  }

  /** All combinations that occurred. */
  get cells(): readonly CostCell[] {
    return this.#rest ? [...this.#cells, this.#rest] : this.#cells
  }

  /** Returns the cell of a target and the labels of a call. It is created if this is the first call of its kind. */
  cellOf(target: string, labels: Labels): CostCell {
    const values = labels === NO_LABELS ? NO_VALUES : this.#values.of(labels)
    return (
      this.#find(target, values) ??
      (this.#cells.length < MAX_COMBINATIONS ? this.#add(target, values) : this.#shortened(target, values))
    )
  }

  /** Returns the value of a label in a cell; an empty text if its calls did not have the label. */
  labelOf(cell: CostCell, name: string): string {
    if (cell === this.#rest) return OTHER
    const counted = this.#values.knows(name) ? name : OTHER
    return cell.labels.find((each) => each.name === counted)?.value ?? ''
  }

  /** Returns the cell of a combination in which as little as possible is replaced by `other`. */
  #shortened(target: string, values: readonly LabelValue[]): CostCell {
    const isFull = this.#cells.length >= MAX_COMBINATIONS + MAX_SHORTENED
    let shortened = { target, values }
    for (const dimension of this.#byNumberOfValues(values)) {
      shortened = dimension
        ? { target: shortened.target, values: this.#without(dimension, shortened.values) }
        : { target: OTHER, values: shortened.values }
      const cell = this.#find(shortened.target, shortened.values)
      if (cell) return cell
      if (!isFull) return this.#add(shortened.target, shortened.values)
    }
    return (this.#rest ??= newCell(OTHER, NO_VALUES))
  }

  /** Returns the values of a combination, and null for its target, in the order in which they are replaced by `other`. */
  #byNumberOfValues(values: readonly LabelValue[]): readonly (LabelValue | null)[] {
    const countOf = (dimension: LabelValue | null): number =>
      dimension ? this.#values.countOf(dimension.name) : this.#targets.size
    return [...values, null].sort((one, other) => countOf(other) - countOf(one))
  }

  #without(value: LabelValue, values: readonly LabelValue[]): readonly LabelValue[] {
    const other = this.#values.otherOf(value.name)
    return values
      .map((each) => (each === value ? other : each))
      .sort((one, another) => one.number - another.number)
  }

  #find(target: string, values: readonly LabelValue[]): CostCell | undefined {
    let branch: Branch | undefined = this.#root
    for (const value of values) {
      branch = branch.next.get(value)
      if (!branch) return undefined
    }
    return branch.cells.get(target)
  }

  #add(target: string, labels: readonly LabelValue[]): CostCell {
    let branch = this.#root
    for (const value of labels) {
      let next = branch.next.get(value)
      if (!next) branch.next.set(value, (next = newBranch()))
      branch = next
    }
    const cell = newCell(target, labels)
    branch.cells.set(target, cell)
    this.#cells.push(cell)
    this.#targets.add(target)
    return cell
  }
}

const NO_VALUES: readonly LabelValue[] = []

function newBranch(): Branch {
  return { cells: new Map(), next: new Map() }
}

function newCell(target: string, labels: readonly LabelValue[]): CostCell {
  return { target, labels, ...newAmounts() }
}
