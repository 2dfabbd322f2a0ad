//! Whole outages.
mod consul;
mod network;

#[test]
#[ignore = "needs a real Consul: tests/run"]
fn world() {
    let t = std::time::Instant::now();
    let mut c = consul::Cluster::start();
    eprintln!("start {:?}", t.elapsed());
    type F = fn(&mut consul::Cluster);
    let mut steps = vec![("",(|_| {}) as F)]; let _: [(&str, F); 7] = [
        ("kill", |c| c.kill_primary()),
        ("freeze", |c| c.freeze_agent()),
        ("killagent", |c| c.kill_agent()),
        ("leave", |c| c.leave()),
        ("maintain", |c| c.maintain()),
        ("isolate", |c| c.isolate_secondary()),
        ("site", |c| c.kill_primary_site()),
    ];
    for (name, step) in steps {
        let t = std::time::Instant::now();
        step(&mut c);
        eprintln!("{name} {:?}", t.elapsed());
        let t = std::time::Instant::now();
        c.mend();
        eprintln!("  mended {:?}", t.elapsed());
    }
}
