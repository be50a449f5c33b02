// import: drive
// One step of all openings, and a record of it where one is due: one thread does it all, for there are few of them.

fn record() {
    var at = (clock.rows % pace.capacity) * (1u + 3u * pace.openings + 4u * (pace.gauges - pace.openings));
    records[at] = clock.reference;
    at += 1u;
    for (var k = 0u; k < pace.openings; k++) {
        let end = gauges[k].x / 3.0 + clock.reference;
        records[at] = influx[k];
        records[at + 1u] = end;
        records[at + 2u] = select(end, states[k].load, laws[k].kind == LOAD);
        at += 3u;
    }
    for (var k = pace.openings; k < pace.gauges; k++) {
        let gauge = gauges[k];
        records[at] = gauge.x / 3.0 + clock.reference;
        records[at + 1u] = gauge.y;
        records[at + 2u] = gauge.z;
        records[at + 3u] = gauge.w;
        at += 4u;
    }
    clock.rows += 1u;
}

fn advance() {
    var sum = 0.0;
    var shares = 0.0;
    for (var k = 0u; k < pace.openings; k++) {
        if laws[k].kind == LOAD {
            load_law(laws[k], k);
            let weight = laws[k].admittance * share(laws[k]);
            sum += weight * states[k].ahead;
            shares += weight;
        }
    }
    let reference = select(clock.reference, sum / shares, shares > 0.0);
    for (var k = 0u; k < pace.openings; k++) {
        let law = laws[k];
        if law.kind == LOAD {
            let lid = (states[k].ahead - reference) * share(law);
            states[k].lid = lid;
            iolets[k].value = 3.0 * lid;
            iolets[k].floor = min(states[k].flow / law.area, 0.0);
        } else {
            iolets[k].value = flow_law(law, k);
        }
    }
    clock.reference = reference;
    clock.step = next_step();
    clock.ramped += select(0u, 1u, clock.ramped < pace.ramp);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32) {
    if local != 0u {
        return;
    }
    if pace.held == 0u && clock.step % pace.stride == 0u {
        record();
    }
    advance();
}
