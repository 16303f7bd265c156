"""Runs what we are compared with, at the request of `portunus bench`.

Lines of JSON in, lines of JSON out: {"do": NAME, ...} is answered by {"ok": ...} or {"error": TEXT}. Times are
nanoseconds of time.perf_counter_ns around the work alone: no JSON, no copies that the library does not make itself.
"""

import json
import os
import statistics
import sys
import time

sys.path.insert(0, sys.argv[1])
THREADS = int(sys.argv[2])
clock = time.perf_counter_ns


def versions():
    from importlib.metadata import version

    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in ("numpy", "opencv-python-headless", "faiss-cpu", "usearch"):
        try:
            found[name] = version(name)
        except Exception:
            pass
    return found


class Photo:
    """Photograph bytes to template: cv2.FaceDetectorYN and cv2.FaceRecognizerSF."""

    def __init__(self, detectors, recognisers, confidence, overlap, pictures):
        import cv2
        import numpy

        cv2.setNumThreads(THREADS)
        self.cv2, self.numpy = cv2, numpy
        self.pictures = [self.read(path) for path in pictures]
        sample = cv2.imdecode(self.pictures[0], cv2.IMREAD_COLOR)

        def detector(path):
            made = cv2.FaceDetectorYN.create(path, "", (320, 320), confidence, overlap)
            made.setInputSize((sample.shape[1], sample.shape[0]))
            return made, lambda: made.detect(sample)

        def recogniser(path):
            made, chip = cv2.FaceRecognizerSF.create(path, ""), numpy.zeros((112, 112, 3), numpy.uint8)
            return made, lambda: made.feature(chip)

        self.failed = {}
        self.detector, detector_name = self.fastest(detectors, detector)
        self.recogniser, recogniser_name = self.fastest(recognisers, recogniser)
        self.chosen = {"detector": detector_name, "recogniser": recogniser_name, "failed": self.failed}

    def read(self, path):
        return self.numpy.fromfile(path, self.numpy.uint8)

    def fastest(self, files, load):
        """The same weights are at hand in several files; the peer gets the one that suits it best."""
        best = None
        for path in files:
            try:
                made, work = load(path)
                work()
                times = []
                for _ in range(5):
                    begun = clock()
                    work()
                    times.append(clock() - begun)
            except Exception as error:
                self.failed[os.path.basename(path)] = str(error).strip()[:200]
                continue
            if best is None or min(times) < best[0]:
                best = (min(times), made, os.path.basename(path))
        if best is None:
            raise RuntimeError("OpenCV loads none of the files: " + "; ".join(self.failed.values()))
        return best[1], best[2]

    def template(self, data, mirrored):
        cv2 = self.cv2
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        self.detector.setInputSize((image.shape[1], image.shape[0]))
        _, faces = self.detector.detect(image)
        if faces is None:
            return None
        # The largest face, as OpenCV's own sample code leaves the choice to its user.
        face = max(faces, key=lambda row: row[2] * row[3])
        chip = self.recogniser.alignCrop(image, face)
        # The recogniser may give the same buffer again.
        template = self.recogniser.feature(chip).copy()
        if mirrored:
            template += self.recogniser.feature(cv2.flip(chip, 1))
        return template

    def run(self, first, count, mirrored):
        """Nanoseconds for pictures first..first+count, and how many gave a template."""
        found = 0
        begun = clock()
        for data in self.pictures[first : first + count]:
            found += self.template(data, mirrored) is not None
        return {"nanoseconds": clock() - begun, "found": found}


class Search:
    """Exhaustive search of the nearest rows by inner product."""

    MOST = 10

    def __init__(self, rows, queries, dimension):
        import numpy

        self.numpy = numpy
        self.rows = numpy.fromfile(rows, "<f4").reshape(-1, dimension)
        self.queries = numpy.fromfile(queries, "<f4").reshape(-1, dimension)
        self.made = {}

    def prepare(self, peer):
        """A function of queries that gives row numbers, best first; and the queries as it takes them."""
        if peer in self.made:
            return self.made[peer]
        numpy, most = self.numpy, min(self.MOST, len(self.rows))
        dimension = self.rows.shape[1]
        queries = self.queries
        if peer.startswith("faiss"):
            import faiss

            faiss.omp_set_num_threads(THREADS)
            if peer == "faiss-f32":
                index = faiss.IndexFlatIP(dimension)
                index.add(self.rows)
            else:
                # Bytes as they are, no scale for each dimension: its fastest of 8 bits.
                kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
                index = faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_INNER_PRODUCT)
                scale = numpy.float32(127) / numpy.abs(self.rows).max()
                index.train(self.rows * scale)
                index.add(self.rows * scale)
                queries = queries * scale
            work = lambda part: index.search(part, most)[1]
        elif peer.startswith("usearch"):
            from usearch.index import MetricKind, search

            rows = self.rows
            if peer == "usearch-int8":
                scale = numpy.float32(127) / numpy.abs(self.rows).max()
                rows = numpy.rint(rows * scale).astype(numpy.int8)
                queries = numpy.clip(numpy.rint(queries * scale), -127, 127).astype(numpy.int8)
            work = lambda part: search(rows, part, most, MetricKind.IP, exact=True, threads=THREADS).keys
        elif peer == "numpy-f32":

            def work(part):
                scores = part @ self.rows.T
                best = numpy.argpartition(-scores, most - 1, axis=1)[:, :most]
                order = numpy.argsort(-numpy.take_along_axis(scores, best, axis=1), axis=1)
                return numpy.take_along_axis(best, order, axis=1)

        else:
            raise ValueError("unknown peer " + peer)
        self.made[peer] = (work, numpy.ascontiguousarray(queries))
        return self.made[peer]

    def nearest(self, peer, queries):
        work, given = self.prepare(peer)
        return [int(row[0]) for row in work(given[:queries]).reshape(queries, -1)]

    def run(self, peer, queries, nanoseconds):
        """The median time of one search of so many queries at once, over searches that take so long together."""
        work, given = self.prepare(peer)
        part = given[:queries]
        times, end = [], clock() + nanoseconds
        while not times or clock() < end:
            begun = clock()
            work(part)
            times.append(clock() - begun)
        return statistics.median(times)


def main():
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    loaded = {}

    def load(name, made):
        loaded[name] = made
        return getattr(made, "chosen", True)

    requests = {
        "versions": lambda: versions(),
        "load-photo": lambda **given: load("photo", Photo(**given)),
        "run-photo": lambda **given: loaded["photo"].run(**given),
        "load-search": lambda **given: load("search", Search(**given)),
        "nearest": lambda **given: loaded["search"].nearest(**given),
        "run-search": lambda **given: loaded["search"].run(**given),
    }
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": requests[request.pop("do")](**request)}
        except Exception as error:
            answer = {"error": type(error).__name__ + ": " + str(error).strip()[:400]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


main()
