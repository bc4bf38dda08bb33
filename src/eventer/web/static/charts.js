// The charts of a generator: [element id, number of lines] each, and points [time, value, …].
window.studioCharts = (charts, points, most, replace) => {
  let first = 1;
  for (const [id, lines] of charts) {
    studioChart(id, points, first, lines, most, replace);
    first += lines;
  }
};

const studioChart = (id, points, first, lines, most, replace) => {
  const element = document.getElementById(id);
  const chart = element && getElement(id.slice(1))?.chart;
  if (!element) return;
  if (!chart) {
    setTimeout(() => studioChart(id, points, first, lines, most, replace), 50);
    return;
  }
  const shown = (!replace && element.studioSeries) || Array.from({ length: lines }, () => []);
  element.studioSeries = shown.map((data, line) =>
    data.concat(points.map((point) => [point[0], point[first + line]])).slice(-most),
  );
  chart.setOption({ series: element.studioSeries.map((data) => ({ data })) });
};
