import { readAttributes, type OtlpAttributes, type WireAttribute } from './otlp-attributes.ts';

const temporalities = ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'] as const;

export interface OtlpMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'sum' | 'histogram';
  /** True of a sum that only grows, a counter. */
  readonly monotonic: boolean;
  /** Since when a sum or a histogram counts: its last export, or its start. */
  readonly temporality: (typeof temporalities)[number];
  readonly points: readonly OtlpPoint[];
  readonly resource: OtlpAttributes;
  readonly scope: { readonly name: string; readonly version: string };
}

export interface OtlpPoint {
  readonly attributes: OtlpAttributes;
  readonly timeNs: bigint;
  /** A number, but of a histogram. */
  readonly value: number | OtlpDistribution;
}

export interface OtlpDistribution {
  readonly count: number;
  readonly sum: number | undefined;
  /** The upper bounds of all buckets but the last. */
  readonly bounds: readonly number[];
  /** Not cumulative, other than Prometheus's. */
  readonly bucketCounts: readonly number[];
}

/** ExportMetricsServiceRequest, as OTLP/JSON and protobuf have it. */
export interface WireMetrics {
  readonly resourceMetrics?: ReadonlyArray<{
    readonly resource?: { readonly attributes?: readonly WireAttribute[] };
    readonly scopeMetrics?: ReadonlyArray<{
      readonly scope?: { readonly name?: string; readonly version?: string };
      readonly metrics?: readonly WireMetric[];
    }>;
  }>;
}

type WireNumber = string | number;

interface WireMetric {
  readonly name?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly gauge?: WireData;
  readonly sum?: WireData;
  readonly histogram?: WireData;
}

interface WireData {
  readonly dataPoints?: readonly WirePoint[];
  readonly aggregationTemporality?: number;
  readonly isMonotonic?: boolean;
}

interface WirePoint {
  readonly attributes?: readonly WireAttribute[];
  readonly timeUnixNano?: WireNumber;
  readonly asInt?: WireNumber;
  readonly asDouble?: WireNumber;
  readonly count?: WireNumber;
  readonly sum?: WireNumber;
  readonly bucketCounts?: readonly WireNumber[];
  readonly explicitBounds?: readonly WireNumber[];
}

/** Throws where `request` is not what its type says, and at the kinds of metric that nobody here sends. */
export function readMetrics(request: WireMetrics): OtlpMetric[] {
  return (request.resourceMetrics ?? []).flatMap(({ resource, scopeMetrics = [] }) => {
    const resourceAttributes = readAttributes(resource?.attributes);
    return scopeMetrics.flatMap(({ scope: { name = '', version = '' } = {}, metrics = [] }) =>
      metrics.map((metric) => ({
        ...readMetric(metric),
        resource: resourceAttributes,
        scope: { name, version },
      })),
    );
  });
}

function readMetric(metric: WireMetric): Omit<OtlpMetric, 'resource' | 'scope'> {
  const { name = '', description = '', unit = '' } = metric;
  const kind = (['gauge', 'sum', 'histogram'] as const).find((candidate) => metric[candidate] !== undefined);
  const data = kind && metric[kind];
  if (kind === undefined || data === undefined) {
    throw new TypeError(`metric "${name}" is neither a gauge nor a sum nor a histogram with bounds`);
  }
  const temporality = temporalities[data.aggregationTemporality ?? 0];
  if (temporality === undefined) throw new TypeError(`metric "${name}" has no temporality that there is`);
  return {
    name,
    description,
    unit,
    kind,
    monotonic: data.isMonotonic ?? false,
    temporality,
    points: (data.dataPoints ?? []).map((point) => ({
      attributes: readAttributes(point.attributes),
      timeNs: BigInt(point.timeUnixNano ?? 0),
      value: kind === 'histogram' ? readDistribution(point) : Number(point.asInt ?? point.asDouble),
    })),
  };
}

function readDistribution({ count, sum, explicitBounds, bucketCounts }: WirePoint): OtlpDistribution {
  return {
    count: Number(count ?? 0),
    sum: sum === undefined ? undefined : Number(sum),
    bounds: (explicitBounds ?? []).map(Number),
    bucketCounts: (bucketCounts ?? []).map(Number),
  };
}
