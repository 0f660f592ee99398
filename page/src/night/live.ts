// The night that runs, as the server tells it. One for the whole page, so that it goes on while another part is looked at.
import { eventsOf } from "../api/events.js";
import { ApiError, call, open, segment } from "../api/http.js";
import type { Job, Progress } from "../api/types.js";
import { house } from "../shell/house.js";
import { Store } from "../shell/store.js";

const kTryAgain_ms = 2000;

class LiveNight extends Store {
  job: Job | null = null;
  told: Progress[] = [];
  private following = "";

  async start(until: "evaluate" | null): Promise<void> {
    this.follow(await call<Job>("/banchu/v1/nights", { body: { until } }));
  }

  async cancel(): Promise<void> {
    if (this.job) await call(`/banchu/v1/nights/${segment(this.job.job)}/cancel`, { body: {} });
  }

  follow(job: Job): void {
    this.job = job;
    this.changed();
    if (this.following === job.job) return;
    this.following = job.job;
    void this.listen(job.job);
  }

  // The events begin at the beginning each time, so a connection that broke is simply made again.
  private async listen(id: string): Promise<void> {
    while (this.following === id) {
      const told: Progress[] = [];
      try {
        const response = await open(`/banchu/v1/nights/${segment(id)}/events`);
        for await (const event of eventsOf(response.body!)) {
          if (event.name === "end") return this.end(JSON.parse(event.data) as Job);
          if (event.name === "progress") told.push(JSON.parse(event.data) as Progress);
          this.told = told;
          this.changed();
        }
      } catch (problem) {
        // A server that was started anew knows nothing of it; one that is busy may answer the next time.
        if (problem instanceof ApiError && problem.status === 404) return;
      }
      await new Promise((resolve) => setTimeout(resolve, kTryAgain_ms));
    }
  }

  private end(job: Job): void {
    this.job = job;
    this.changed();
    void house.lookWhoIsAwake();
  }
}

export const liveNight = new LiveNight();
