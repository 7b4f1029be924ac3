/** A value of OTLP: integers are numbers, bytes are base64, an empty value is null. */
export type OtlpValue =
  string | number | boolean | null | readonly OtlpValue[] | { readonly [key: string]: OtlpValue };

export type OtlpAttributes = Readonly<Record<string, OtlpValue>>;

export interface WireAttribute {
  readonly key?: string;
  readonly value?: WireValue;
}

interface WireValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: string | number;
  readonly arrayValue?: { readonly values?: readonly WireValue[] };
  readonly kvlistValue?: { readonly values?: readonly WireAttribute[] };
  readonly bytesValue?: string | Uint8Array;
}

export function readAttributes(attributes: readonly WireAttribute[] = []): OtlpAttributes {
  return Object.fromEntries(attributes.map(({ key = '', value }) => [key, readValue(value)]));
}

function readValue(value: WireValue = {}): OtlpValue {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } = value;
  if (arrayValue !== undefined) return (arrayValue.values ?? []).map((element) => readValue(element));
  if (kvlistValue !== undefined) return readAttributes(kvlistValue.values);
  if (bytesValue instanceof Uint8Array) return Buffer.from(bytesValue).toString('base64');
  const number = intValue ?? doubleValue;
  // JSON has neither integers of 64 bits nor NaN, so that OTLP writes them as strings.
  if (number !== undefined) return Number(number);
  return stringValue ?? boolValue ?? bytesValue ?? null;
}
