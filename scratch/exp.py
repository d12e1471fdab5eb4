import sys, time, dataclasses, argparse
sys.path.insert(0, "/work/main/src")
import numpy as np, pandas as pd, torch
from torch import nn
from torch.nn import functional as F
from chromapal.prepare.samples import Samples, Batch
from chromapal.prepare.grid import cells, scatter
from chromapal.colorizers.networks.fusion import DECODER
from chromapal.colorizers.networks.layers import block
from chromapal.colorizers.networks.resnet import WIDTHS, ResNet
from chromapal.evaluate.metrics import colour as cm

p = argparse.ArgumentParser()
p.add_argument("--kind", default="worm"); p.add_argument("--steps", type=int, default=400)
p.add_argument("--batch", type=int, default=16); p.add_argument("--lr", type=float, default=1e-3)
p.add_argument("--slab", type=float, default=8.0); p.add_argument("--grid", type=int, default=64)
p.add_argument("--coords", type=int, default=1); p.add_argument("--aug", type=float, default=1.0)
p.add_argument("--ema", type=float, default=0.99); p.add_argument("--cosine", type=int, default=1)
p.add_argument("--head", type=int, default=64); p.add_argument("--proj", type=int, default=0)
p.add_argument("--wd", type=float, default=1e-4); p.add_argument("--seed", type=int, default=0)
p.add_argument("--frame", default="body"); p.add_argument("--drop", type=float, default=0.0)
p.add_argument("--gray", default="gray"); p.add_argument("--freq", type=int, default=4)
a = p.parse_args()
torch.set_num_threads(1)
t = pd.read_parquet("fold0.parquet")
t = t[t.colour & t.posterior.notna() & t.name.ne("")].reset_index(drop=True)
train, val = t[t.role == "train"].reset_index(drop=True), t[t.role == "validation"].reset_index(drop=True)
AX = ["posterior", "dorsal", "left"]
lo, hi = (train[AX].quantile(q).to_numpy() for q in (0.002, 0.998))
lo, hi = lo - 2, hi + 2
print("range", lo, hi, "val worms", val.worm.nunique())

class Data:
    def __init__(self, d):
        self.d = d
        self.pos = d[AX].to_numpy(np.float64)
        self.worm = d.groupby(["lab", "worm"], sort=False).ngroup().to_numpy()
        self.n = self.worm.max() + 1
        self.gray = d[a.gray].to_numpy(np.float32); self.weight = d.weight_n.to_numpy(np.float32)
        self.target = torch.from_numpy(d[["r", "g", "b"]].to_numpy(np.float32))
    def epoch(self, rng=None):
        pos = self.pos.copy()
        keep = np.ones(len(pos), bool)
        if rng is not None and a.aug:
            for w in range(self.n):
                m = self.worm == w
                ang = rng.normal(0, 0.06 * a.aug, 3)
                A = np.eye(3) + np.array([[0, -ang[2], ang[1]], [ang[2], 0, -ang[0]], [-ang[1], ang[0], 0]])
                S = np.diag(1 + rng.normal(0, 0.04 * a.aug, 3))
                pos[m] = pos[m] @ (A @ S).T + rng.normal(0, 1.5 * a.aug, 3)
            pos += rng.normal(0, 0.7 * a.aug, pos.shape)
            keep = rng.random(len(pos)) >= a.drop * rng.random(self.n)[self.worm]
        u = np.clip((pos - lo) / (hi - lo), 0, 1).astype(np.float32)
        if a.kind == "neuron":
            sample = np.arange(len(u)); z = u[:, 2]
        else:
            span = hi[2] - lo[2]
            off = rng.uniform(0, a.slab, self.n)[self.worm] if rng is not None else 0.0
            level = np.floor((u[:, 2] * span + off) / a.slab).astype(np.int64)
            key = self.worm * 1000 + level
            _, first, sample = np.unique(key, return_index=True, return_inverse=True)
            z = np.clip(((level[first] + .5) * a.slab - (off[first] if rng is not None else 0)) / span, 0, 1).astype(np.float32)
        order = np.arange(len(z)) if rng is None else rng.permutation(len(z))
        rank = np.argsort(order); sample = rank[sample]; z = z[order]
        idx = np.flatnonzero(keep); idx = idx[np.argsort(sample[idx], kind="stable")]
        wormof = np.zeros(len(z), int); wormof[sample] = self.worm
        cell = cells(torch.from_numpy(u[:, 0]), torch.from_numpy(u[:, 1]), a.grid)
        lcell = cells(torch.from_numpy(u[:, 0]), torch.from_numpy(u[:, 2]), a.grid)
        ch = torch.from_numpy(np.column_stack([self.gray, self.weight, u[:, 2] - 0.5]))
        one = torch.ones(len(u))
        projection = {}
        for s in range(0, len(z), a.batch):
            b = min(a.batch, len(z) - s)
            rows = torch.from_numpy(idx[(sample[idx] >= s) & (sample[idx] < s + b)])
            local = torch.from_numpy(sample)[rows] - s
            g = scatter(cell[rows], local, ch[rows], one[rows], b, a.grid)
            if a.proj:
                extra = []
                for k in range(b):
                    w = wormof[s + k]
                    if w not in projection:
                        m = torch.from_numpy(np.flatnonzero((self.worm == w) & keep))
                        zero = torch.zeros(len(m), dtype=torch.int64)
                        dv = scatter(cell[m], zero, ch[m], one[m], 1, a.grid)
                        lv = scatter(lcell[m], zero, ch[m][:, :2], one[m], 1, a.grid)
                        projection[w] = torch.cat([dv, lv], 1)
                    extra.append(projection[w])
                g = torch.cat([g, torch.cat(extra)], 1)
            yield g, torch.from_numpy(z[s:s + b, None]), rows, local, cell[rows], torch.from_numpy(u[rows.numpy()]) 

class Net(nn.Module):
    def __init__(self, dense, channels):
        super().__init__()
        self.dense = dense; extra = 2 if a.coords else 0
        self.c = channels
        self.encoder = ResNet(18, channels + extra)
        self.height = nn.Sequential(nn.Linear(1, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        fused = WIDTHS[-1] + 32
        if not dense:
            self.head = nn.Sequential(block(fused, DECODER[0], 3), nn.Conv2d(DECODER[0], 3, 1))
            return
        self.deepest = block(fused, DECODER[0], 1)
        sizes = (WIDTHS[2], WIDTHS[1], WIDTHS[0], WIDTHS[0], channels + extra)
        self.lateral = nn.ModuleList(nn.Conv2d(s, w, 3 if i == 4 else 1, padding="same") for i, (s, w) in enumerate(zip(sizes, DECODER)))
        self.upward = nn.ModuleList(nn.Conv2d(b, w, 1, bias=False) for b, w in zip((DECODER[0], *DECODER[:-1]), DECODER))
        self.merge = nn.ModuleList([*(block(w, w, 3) for w in DECODER[:-1]), nn.Sequential(nn.Conv2d(DECODER[-1], DECODER[-1], 3, padding=1), nn.ReLU())])
        four = 2 * 2 * a.freq + 1 if a.coords else 0
        n = DECODER[-1] + channels + four + 32
        self.colour = nn.Sequential(nn.Conv2d(n, a.head, 1), nn.ReLU(), nn.Conv2d(a.head, a.head, 1), nn.ReLU(), nn.Conv2d(a.head, 3, 1)) if a.head else nn.Conv2d(n, 3, 1)
    def forward(self, g, z):
        B, _, G, _ = g.shape
        if a.coords:
            line = (torch.arange(G) + .5) / G
            xy = torch.stack([line[None, :].expand(G, G), line[:, None].expand(G, G)]).expand(B, 2, G, G)
            g = torch.cat([g, (xy - .5)], 1)
        f = self.encoder(g)
        h = self.height(z)
        x = torch.cat([f[-1], h[:, :, None, None].expand(-1, -1, *f[-1].shape[2:])], 1)
        if not self.dense: return self.head(x).mean((2, 3))
        x = self.deepest(x)
        for fe, la, up, me in zip(reversed([g, *f[:-1]]), self.lateral, self.upward, self.merge):
            x = F.interpolate(up(x), size=fe.shape[2:], mode="nearest"); x = me(F.relu(la(fe) + x))
        parts = [x, g[:, :self.c], h[:, :, None, None].expand(-1, -1, G, G)]
        if a.coords:
            k = (2.0 ** torch.arange(a.freq)) * np.pi
            ph = xy[:, :, None] * k[None, None, :, None, None]
            parts += [torch.sin(ph).flatten(1, 2), torch.cos(ph).flatten(1, 2), torch.ones(B, 1, G, G)]
        return self.colour(torch.cat(parts, 1))

mean, sd = train[["r", "g", "b"]].mean().to_numpy(np.float32), train[["r", "g", "b"]].std().to_numpy(np.float32)
mean, sd = torch.from_numpy(mean), torch.from_numpy(sd)
torch.manual_seed(a.seed)
D, V = Data(train), Data(val)
net = Net(a.kind == "worm", 3 + (5 if a.proj else 0)).to(memory_format=torch.channels_last)
def out(m, b):
    o = m(b[0].contiguous(memory_format=torch.channels_last), b[1])
    o = o.float()
    return mean + sd * (o[b[3]] if o.ndim == 2 else o.flatten(2)[b[3], :, b[4]])
ema = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(a.ema)) if a.ema else None
opt = torch.optim.AdamW(net.parameters(), lr=a.lr, weight_decay=a.wd)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, a.lr, total_steps=a.steps, pct_start=.1) if a.cosine else None
def score(m):
    with torch.no_grad():
        # BN statistics
        bns = [x for x in m.modules() if isinstance(x, nn.BatchNorm2d)]
        for x in bns: x.reset_running_stats(); x.momentum = None
        m.train()
        for i, b in enumerate(D.epoch(np.random.default_rng(7))):
            if i >= max(6, 96 // a.batch): break
            out(m, b)
        m.eval()
        pred = torch.zeros(len(val), 3)
        for b in V.epoch(): pred[b[2]] = out(m, b)
        for x in bns: x.momentum = .1
    P, T = pred.numpy().astype(float), V.target.numpy().astype(float)
    lum = val.luminance.to_numpy()
    def res(x): 
        A = np.column_stack([np.ones(len(lum)), lum]); return x - A @ np.linalg.lstsq(A, T, rcond=None)[0]
    r = 1 - ((P - T) ** 2).sum() / ((T - T.mean(0)) ** 2).sum()
    tt, pp = res(T), res(P)
    chroma = 1 - ((pp - tt) ** 2).sum() / (tt ** 2).sum()
    return chroma, r, ((P - T) ** 2).mean()
step, ep, t0 = 0, 0, time.time(); best = None
while step < a.steps:
    net.train()
    for b in D.epoch(np.random.default_rng((a.seed, ep))):
        if len(b[1]) < 2 or not len(b[2]): continue
        with torch.autocast("cpu", dtype=torch.bfloat16):
            o = out(net, b)
        loss = ((o - D.target[b[2]]) ** 2).mean()
        opt.zero_grad(set_to_none=True); loss.backward(); opt.step()
        if ema: ema.update_parameters(net)
        if sched: sched.step()
        step += 1
        if step % max(a.steps // 4, 50) == 0 or step == a.steps:
            m = ema.module if ema else net
            print(f"step {step} ep {ep} loss {loss:.3f} chroma {score(m)[0]:.3f} r2 {score(m)[1]:.3f} t {time.time()-t0:.0f}", flush=True)
            net.train()
        if step >= a.steps: break
    ep += 1
print("FINAL", vars(a), score(ema.module if ema else net), flush=True)
