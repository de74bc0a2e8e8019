import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { errorText } from '../browser/rest-client.js';
import type { JobDetail } from '../model/flink-json.js';
import type { LoadSample } from '../model/load-history.js';

export interface MetricPlotsProps {
  readonly job: JobDetail;
  readonly samples: readonly LoadSample[];
}

/** The plots, whose library is loaded when they are first asked for. */
export function MetricsTab(props: MetricPlotsProps): JSX.Element {
  const [Plots, setPlots] = useState<ComponentType<MetricPlotsProps>>();
  const [refusal, setRefusal] = useState<string>();
  useEffect(() => {
    import('./metric-plots.js').then(
      ({ MetricPlots }) => setPlots(() => MetricPlots),
      (error: unknown) => setRefusal(errorText(error)),
    );
  }, []);
  if (Plots !== undefined) return <Plots {...props} />;
  return <p class="empty">{refusal === undefined ? 'Loading the plots…' : `No plots: ${refusal}`}</p>;
}
