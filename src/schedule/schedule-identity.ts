/** Who a schedule is: what its stable random choices are drawn from. */
export interface ScheduleIdentity {
  readonly namespace: string
  readonly key: string
}

/** The seed of a schedule's `H` fields. */
export function seedOf({ namespace, key }: ScheduleIdentity): string {
  return `${namespace}/${key}`
}
