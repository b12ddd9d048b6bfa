/** Whether the change would alter the row; dates are compared by their value. */
export const differs = <Row extends object>(row: Row, change: Partial<Row>): boolean =>
  Object.entries(change).some(([key, value]) => {
    const before: unknown = row[key as keyof Row];
    return before instanceof Date && value instanceof Date ? before.getTime() !== value.getTime() : before !== value;
  });
