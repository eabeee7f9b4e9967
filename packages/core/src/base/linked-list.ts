/** The links of a `LinkedList`, which are fields of its members. */
export interface Listed<Member> {
  previous: Member | undefined
  next: Member | undefined
}

/**
 * A doubly linked list whose members contain the links. A Set would retain the members of each call until a major GC: see
 * docs/decisions/young-generation.md.
 */
export class LinkedList<Member extends Listed<Member>> {
  #first: Member | undefined

  get isEmpty(): boolean {
    return this.#first === undefined
  }

  add(member: Member): void {
    const first = this.#first
    member.next = first
    if (first) first.previous = member
    this.#first = member
  }

  /** Removes a member. Does nothing if the member is not in the list. */
  remove(member: Member): void {
    const { previous, next } = member
    if (previous) previous.next = next
    else if (this.#first === member) this.#first = next
    if (next) next.previous = previous
    member.previous = undefined
    member.next = undefined
  }

  /** A copy of the list, so that members may be removed while a caller iterates over the copy. */
  all(): Member[] {
    const members: Member[] = []
    for (let member = this.#first; member; member = member.next) members.push(member)
    return members
  }
}
