// What a process tells at its admin port, read as Prometheus reads it; of a world with hasMetrics.

const PATIENCE_MS = 2000; // of one that hangs

// Sample ('name' or 'name{label="word"}') -> number. Nothing of a process that is away or hangs.
export async function metricsOf(world, name) {
  try {
    const answer = await fetch(`http://127.0.0.1:${world.adminPorts[name]}/metrics`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return samplesIn(await answer.text());
  } catch {
    return new Map();
  }
}

function samplesIn(text) {
  const lines = text.trim().split('\n').filter((line) => !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}
